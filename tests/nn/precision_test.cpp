#include "evenkeel/config/precision.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/program/plan.h"
#include "tests/nn/layer_examples.h"
#include "tests/nn/network.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

using namespace activations;

const Machine kOld{.cpu = "An old processor", .cores = 2, .avx2 = true};

CompileOptions options_in(Precision precision) {
  return {.batch_size = 8,
          .loss = SoftmaxCrossEntropy{},
          .targets = Targets::labels,
          .train = true,
          .update = adam,
          .compute = {.precision = precision}};
}

/// What rounding to bfloat16 may do, of a value's norm: each value that is stored in it adds at most 2^-8 to what the
/// ones before it did, which ops hand on at about its size.
double noise_of(const Program& program) {
  int rounded = 0;
  for (const ValueInfo& v : program.values()) rounded += v.type.dtype == DType::bfloat16 && v.view_of < 0;
  return rounded * 0x1p-8;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return std::sqrt(difference / norm);
}

TEST(Precision, OfAMachineWithoutBfloat16NamesTheAlternatives) {
  const std::string text = error_of([] { check_precision(Precision::bfloat16, kOld, false); });
  EXPECT_SAYS(text, "--precision float32, or --force");
  EXPECT_SAYS(text, "An old processor");
  try {
    check_precision(Precision::bfloat16, kOld, false);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Error::unsupported);
  }
}

TEST(Precision, IsNotRefusedWhereItIsForcedOrFast) {
  EXPECT_NO_THROW(check_precision(Precision::bfloat16, kOld, true));
  EXPECT_NO_THROW(check_precision(Precision::float32, kOld, false));
  EXPECT_NO_THROW(check_precision(Precision::bfloat16, {.cpu = "A new processor", .avx512_bf16 = true}, false));
}

TEST(Precision, OfADoubleProgramCannotBeBfloat16) {
  EXPECT_THROW(compile(varied_model(), {.compute = {.precision = Precision::bfloat16, .real = DType::float64}}), Error);
}

TEST(Precision, LeavesParametersGradientsStatisticsAndWhatIsReadInFloat32) {
  const CompiledModel compiled = compile(varied_model(), options_in(Precision::bfloat16));
  for (const ValueInfo& v : compiled.program->values())
    EXPECT_TRUE(v.type.dtype != DType::bfloat16 || v.role == Role::activation || v.role == Role::gradient) << v.name;
  for (const std::string& name : {compiled.outputs, compiled.loss, compiled.correct,
                                  std::string("stem/kernel/gradient"), std::string("batch_normalization/batch_mean")})
    EXPECT_EQ(compiled.program->find(name).type().dtype, DType::float32) << name;
  for (const char* name : {"stem_elu/output", "sum/output", "right/output", "hidden/output", "sum/output/gradient"})
    EXPECT_EQ(compiled.program->find(name).type().dtype, DType::bfloat16) << name;
}

TEST(Precision, HalvesTheMemoryOfActivations) {
  const auto arena = [](Precision precision) {
    CompileOptions options = options_in(precision);
    options.batch_size = 64;
    return compile(varied_model(), options).program->memory.arena_bytes;
  };
  EXPECT_LT(static_cast<double>(arena(Precision::bfloat16)), 0.6 * static_cast<double>(arena(Precision::float32)));
}

TEST(Precision, RescalesTheInputBeforeItIsRounded) {
  Sequential model({4});
  model.add(Rescaling{.scale = 1, .offset = -1000}, Activation{relu});
  Memory memory;
  Compiled compiled(model, {.batch_size = 1, .compute = {.precision = Precision::bfloat16}}, memory);
  // As bfloat16 1001.5 would be 1000, 1003 1004.
  for (float& x : compiled.bound[0]->as<float>()) x = 1001.5f;
  compiled.bound[0]->as<float>()[3] = 1003;
  compiled.run();
  EXPECT_EQ(compiled.read(compiled.compiled.outputs), (std::vector<double>{1.5, 1.5, 1.5, 3}));
}

TEST(Precision, YieldsProbabilitiesInFloat32) {
  Sequential model({4});
  model.add(Dense{.units = 3, .activation = softmax});
  Memory memory;
  Compiled compiled(model, {.batch_size = 2, .compute = {.precision = Precision::bfloat16}}, memory);
  compiled.run();
  const auto p = compiled.read(compiled.compiled.outputs);
  EXPECT_NEAR(p[0] + p[1] + p[2], 1, 1e-6);
}

TEST(Precision, YieldsLogarithmsOfProbabilitiesInFloat32) {
  Sequential model({4});
  model.add(Dense{.units = 3, .activation = log_softmax});
  Memory memory;
  Compiled compiled(model, {.batch_size = 2, .compute = {.precision = Precision::bfloat16}}, memory);
  compiled.run();
  const auto p = compiled.read(compiled.compiled.outputs);
  EXPECT_NEAR(std::exp(p[0]) + std::exp(p[1]) + std::exp(p[2]), 1, 1e-6);
}

/// One step in each mode in both precisions, from the same weights.
void expect_bfloat16_is_float32_but_for_rounding(const Model& model, const Machine& machine, bool fuse) {
  for (const Mode mode : {Mode::train, Mode::evaluate}) {
    SCOPED_TRACE(testing::Message() << "mode " << static_cast<int>(mode) << " on " << machine.features());
    Memory exact_memory, narrow_memory;
    CompileOptions exact_options = options_in(Precision::float32), narrow_options = options_in(Precision::bfloat16);
    exact_options.compute.fuse = narrow_options.compute.fuse = fuse;
    Compiled exact(model, exact_options, exact_memory), narrow(model, narrow_options, narrow_memory);
    narrow.executor = std::make_unique<Executor>(*narrow.compiled.program, narrow_memory.store, narrow_memory.arena,
                                                 narrow_memory.threads, machine);
    const char* names[] = {"input", "labels"};
    for (std::size_t i = 0; i < narrow.bound.size(); ++i) narrow.executor->bind(names[i], *narrow.bound[i]);
    for (Compiled* one : {&exact, &narrow}) {
      one->step.modes.assign(one->step.modes.size(), LayerMode::of(mode));
      one->run();
    }
    const double noise = noise_of(*narrow.compiled.program);
    EXPECT_LE(distance(narrow.read(narrow.compiled.outputs), exact.read(exact.compiled.outputs)), noise);
    for (const WeightInfo& w : exact.compiled.weights)
      if (w.trainable) {
        const std::string name = w.name + "/gradient";
        EXPECT_LE(distance(narrow.read(name), exact.read(name)), noise) << name;
      }
  }
}

TEST(Precision, Bfloat16IsFloat32ButForRounding) {
  for (const bool fuse : {true, false})
    expect_bfloat16_is_float32_but_for_rounding(varied_model(), Machine::here(), fuse);
}

TEST(Precision, Bfloat16IsFloat32ButForRoundingInEveryNormalizationAndDropout) {
  // An activation after each normalization, or the gradient of its beta would be rounding alone.
  const Activation bend{.activation = elu};
  Sequential model({6, 5, 3});
  model.add(Conv2D{.filters = 6, .use_bias = false, .name = "stem"}, BatchNormalization{.axis = 1}, bend,
            SpatialDropout2D{.rate = 0.2}, Conv2D{.filters = 6, .kernel_size = 2, .use_bias = false},
            BatchNormalization{.virtual_batch_size = 3}, bend, GaussianDropout{.rate = 0.1},
            GroupNormalization{.groups = 2}, bend, Permute{.dims = {2, 1, 3}}, BatchRenormalization{}, bend,
            LayerNormalization{}, bend, InstanceNormalization{}, bend, Flatten{}, RMSNormalization{},
            AlphaDropout{.rate = 0.1}, Dense{.units = 4});
  expect_bfloat16_is_float32_but_for_rounding(model, Machine::here(), true);
}

/// The layer after an activation for each of its inputs, so that what it reads is bfloat16; an Input reads nothing.
Model after_activations(const Example& example) {
  Model model(example.inputs[0].without_first());
  std::vector<std::string> inputs;
  const std::size_t read = example.traits().is_input ? 0 : example.inputs.size();
  for (const ActivationFunction f : {ActivationFunction::tanh, elu})
    if (inputs.size() < read) inputs.push_back(model.append(Activation{.activation = f}, {"input"}));
  model.append(example.layer, inputs);
  model.append(Flatten{});
  model.append(Dense{.units = 2});
  return model;
}

/// Gradients are finite, no more: those of so small a network may be sums that almost cancel.
void expect_it_runs_in_bfloat16(const Example& example) {
  const Model model = after_activations(example);
  Memory exact_memory, narrow_memory;
  Compiled exact(model, options_in(Precision::float32), exact_memory);
  Compiled narrow(model, options_in(Precision::bfloat16), narrow_memory);
  exact.run();
  narrow.run();
  EXPECT_LE(distance(narrow.read(narrow.compiled.outputs), exact.read(exact.compiled.outputs)),
            noise_of(*narrow.compiled.program));
  for (const WeightInfo& w : narrow.compiled.weights) {
    if (!w.trainable) continue;
    const std::vector<double> gradient = narrow.read(w.name + "/gradient");
    EXPECT_TRUE(std::ranges::all_of(gradient, [](double g) { return std::isfinite(g); })) << w.name;
  }
}

TEST(Precision, Bfloat16RunsEveryRegisteredLayer) {
  const int checked = for_each_example([](const Example&) { return true; }, expect_it_runs_in_bfloat16);
  EXPECT_GE(checked, static_cast<int>(layer_types().size()));
}

TEST(Precision, Bfloat16RunsOnMachinesWithoutIt) {
  expect_bfloat16_is_float32_but_for_rounding(varied_model(), kOld, true);
}

TEST(Precision, Bfloat16GivesTheSameBitsEveryTime) {
  std::vector<double> first;
  for (int run = 0; run < 2; ++run) {
    Memory memory;
    Compiled compiled(varied_model(), options_in(Precision::bfloat16), memory);
    compiled.run();
    const auto outputs = compiled.read("stem/kernel/gradient");
    if (run == 0) first = outputs;
    EXPECT_EQ(outputs, first);
  }
}

}  // namespace
}  // namespace evenkeel
