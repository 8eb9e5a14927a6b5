#include "tests/support/layer_check.h"

#include <algorithm>
#include <filesystem>

#include "evenkeel/nn/weights_file.h"
#include "evenkeel/program/ops/elementwise.h"
#include "tests/support/program_check.h"

namespace evenkeel {
namespace {

Value build_copy(const Layer& layer, Program& program, std::span<const Value> inputs, const std::string& name,
                 int index, std::vector<WeightInfo>& weights) {
  program.set_label(name);
  LayerBuilder builder(program, name, index, layer.trainable(), weights);
  return layer.build(builder, inputs);
}

std::vector<TrialInput> inputs_of(const std::vector<Shape>& shapes) {
  std::vector<TrialInput> inputs;
  for (const Shape& shape : shapes) inputs.push_back({.shape = shape});
  return inputs;
}

/// The sum of two copies that read the same inputs.
Subject twice(const Layer& layer, const std::vector<Shape>& inputs) {
  return {.inputs = inputs_of(inputs), .emit = [layer](Program& program, std::span<const Value> x) {
            std::vector<WeightInfo> weights;
            const Value a = build_copy(layer, program, x, "first", 0, weights);
            const Value b = build_copy(layer, program, x, "second", 1, weights);
            program.set_label("sum");
            return program.emit_one(ops::Add(), {a, b});
          }};
}

void check_saving(const Layer& layer, const std::vector<Shape>& inputs) {
  SCOPED_TRACE("weights saved and loaded");
  std::vector<WeightInfo> weights;
  Subject subject = subject_of(layer, inputs);
  subject.emit = [&](Program& program, std::span<const Value> x) {
    weights.clear();
    return build_copy(layer, program, x, "layer", 0, weights);
  };
  const LayerMode evaluation = LayerMode::of(Mode::evaluate);
  Trial saved(subject, {.real = DType::float32}), loaded(subject, {.real = DType::float32});
  saved.run(evaluation);
  const auto folder = std::filesystem::path(testing::TempDir()) / "evenkeel_layer_check";
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const auto path = folder / (std::string(test->test_suite_name()) + '.' + test->name() + ".safetensors");
  std::filesystem::create_directories(folder);
  save_weights(path, weights, saved.store());
  loaded.store().parameters.zero();
  loaded.store().state.zero();
  load_weights(path, weights, loaded.store());
  std::filesystem::remove(path);
  loaded.run(evaluation);
  EXPECT_EQ(loaded.output(), saved.output());
}

void check_single_samples(const Layer& layer, const std::vector<Shape>& inputs) {
  SCOPED_TRACE("one sample alone");
  const LayerMode evaluation = LayerMode::of(Mode::evaluate);
  Trial batch(subject_of(layer, inputs), {.real = DType::float32});
  batch.run(evaluation);
  std::vector<Shape> single;
  for (const Shape& shape : inputs) single.push_back(shape.with(0, 1));
  Trial alone(subject_of(layer, single), {.real = DType::float32});
  for (std::int64_t row = 0; row < inputs[0][0]; ++row) {
    for (std::size_t i = 0; i < inputs.size(); ++i)
      std::ranges::copy(batch.input(i).view().rows(row, row + 1).as<float>(), alone.input(i).as<float>().begin());
    alone.run(evaluation);
    const std::vector<double> all = batch.output(), one = alone.output();
    const auto begin = all.begin() + row * static_cast<std::int64_t>(one.size());
    EXPECT_TRUE(agree(one, {begin, begin + static_cast<std::int64_t>(one.size())}, 1e-5)) << "row " << row;
  }
}

}  // namespace

Subject subject_of(const Layer& layer, const std::vector<Shape>& inputs) {
  return {.inputs = inputs_of(inputs), .emit = [layer](Program& program, std::span<const Value> x) {
            std::vector<WeightInfo> weights;
            return build_copy(layer, program, x, "layer", 0, weights);
          }};
}

void check_layer(const Layer& layer, const Shape& input) { check_merging_layer(layer, {input}); }

void check_merging_layer(const Layer& layer, const std::vector<Shape>& inputs) {
  SCOPED_TRACE(testing::Message() << layer.type() << " over " << to_string(inputs[0]));
  check_program(subject_of(layer, inputs));
  {
    SCOPED_TRACE("two copies that read the same");
    check_program(twice(layer, inputs));
  }
  check_saving(layer, inputs);
  check_single_samples(layer, inputs);
}

}  // namespace evenkeel
