#include "evenkeel/nn/compile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/program/probes/moments.h"
#include "tests/nn/helpers.h"
#include "tests/nn/network.h"
#include "tests/support/memory_check.h"
#include "tests/support/trial.h"

namespace evenkeel {
namespace {

using namespace activations;

std::vector<std::string> kinds_of(const CompiledModel& compiled) {
  std::vector<std::string> kinds;
  for (const Node& node : compiled.program->nodes()) kinds.emplace_back(node.op->kind());
  return kinds;
}

Values gradients_of(const Compiled& network, const Memory& memory) {
  Values values;
  for (const auto& entry : network.compiled.program->gradients.entries)
    values[entry.name] = in_double(memory.store.gradients.get(entry.name));
  return values;
}

double mean_loss(const Compiled& network) {
  double sum = 0;
  const std::vector<double> losses = network.read(network.compiled.loss);
  for (const double loss : losses) sum += loss;
  return sum / static_cast<double>(losses.size());
}

TEST(Compile, DifferentiatesAWholeNetworkCorrectly) {
  Memory memory;
  CompileOptions options = training(DType::float64);
  options.input_gradient = true;
  Compiled network(varied_model(), options, memory);
  for (LayerMode& mode : network.step.modes) mode.update_statistics = false;
  network.run();
  Values gradients = gradients_of(network, memory);
  gradients["input/gradient"] = network.read("input/gradient");
  for (const auto& [name, gradient] : gradients) {
    const std::string value = name.substr(0, name.rfind('/'));
    const auto x = value == "input" ? network.bound[0]->as<double>() : memory.store.parameters.values<double>(value);
    double largest = 0;
    for (const double g : gradient) largest = std::max(largest, std::abs(g));
    for (std::size_t i = 0; i < x.size(); i += x.size() / 7 + 1) {
      constexpr double kStep = 1e-6;
      const double at = x[i];
      const auto loss_at = [&](double moved) {
        x[i] = moved;
        network.run();
        return mean_loss(network);
      };
      const double numerical = (loss_at(at + kStep) - loss_at(at - kStep)) / (2 * kStep);
      x[i] = at;
      EXPECT_NEAR(gradient[i], numerical, 1e-6 * largest + 1e-9) << name << ", element " << i;
    }
  }
}

TEST(Compile, FusesWithoutChangingTheResult) {
  Memory a, b;
  CompileOptions options = training();
  Compiled fused(varied_model(), options, a);
  options.compute.fuse = false;
  Compiled plain(varied_model(), options, b);
  EXPECT_LT(fused.compiled.program->nodes().size(), plain.compiled.program->nodes().size());
  fused.run();
  plain.run();
  EXPECT_TRUE(agree(fused.read(fused.compiled.loss), plain.read(plain.compiled.loss), 1e-6));
  const Values expected = gradients_of(plain, b);
  for (const auto& [name, values] : gradients_of(fused, a)) EXPECT_TRUE(agree(values, expected.at(name), 1e-6)) << name;
}

/// Every pattern that a pass joins: normalization, activation and pooling in each order, biases with activations.
Model fusible_model() {
  Sequential model({9, 14, 2}, "fusible");
  const auto convolve = [&](int filters, ActivationFunction f, bool bias) {
    model.append(Conv2D{.filters = filters, .padding = Padding::same, .activation = f, .use_bias = bias});
  };
  convolve(5, ActivationFunction::linear, false);
  model.append(BatchNormalization{.momentum = 0.5});
  model.append(Activation{.activation = elu});
  model.append(MaxPooling2D{.padding = Padding::same});
  convolve(6, elu, true);
  model.append(BatchNormalization{.momentum = 0.5});
  model.append(MaxPooling2D{.padding = Padding::same});
  convolve(7, ActivationFunction::linear, false);
  model.append(BatchNormalization{.momentum = 0.5});
  model.append(MaxPooling2D{});
  model.append(Activation{.activation = ActivationFunction::tanh});
  model.append(Flatten{});
  model.append(Dense{.units = 17, .activation = elu});
  model.append(BatchNormalization{.momentum = 0.5});
  model.append(Activation{.activation = relu});
  model.append(Dropout{.rate = 0.25});
  model.append(Dense{.units = 2});
  return model;
}

TEST(Compile, JoinsEveryPatternThatItKnows) {
  const std::vector<std::string> kinds = kinds_of(compile(fusible_model(), training()));
  EXPECT_EQ(std::ranges::count(kinds, "normalize_pool"), 3);
  EXPECT_EQ(std::ranges::count(kinds, "add_bias_gradient"), 2);
  for (const char* kind : {"activation", "activation_gradient", "max_pool", "max_pool_gradient"})
    EXPECT_EQ(std::ranges::count(kinds, kind), 0) << kind;
}

TEST(Compile, TrainsTwentyStepsAlikeFusedAndNot) {
  CompileOptions options = training();
  options.update = adam;
  Memory a{.threads = Threads(2)}, b{.threads = Threads(2)};
  Compiled fused(fusible_model(), options, a);
  options.compute.fuse = false;
  Compiled apart(fusible_model(), options, b);
  EXPECT_GT(apart.compiled.program->memory.arena_bytes, fused.compiled.program->memory.arena_bytes);
  double first = 0, loss = 0;
  for (std::uint64_t step = 0; step < 20; ++step) {
    for (Compiled* network : {&fused, &apart}) {
      network->step.step = step;
      network->run();
    }
    loss = mean_loss(fused);
    if (step == 0) first = loss;
    // Roundings of 1e-7 a step, which training makes larger: by a factor of about 2 in each of these steps at most.
    EXPECT_NEAR(loss, mean_loss(apart), 1e-4 * first) << "step " << step;
  }
  EXPECT_LT(loss, first / 2);
  for (const auto& entry : fused.compiled.program->states.entries)
    EXPECT_TRUE(agree(in_double(a.store.state.get(entry.name)), in_double(b.store.state.get(entry.name)), 1e-3))
        << entry.name;
}

TEST(Compile, PlansMemorySoundly) {
  CompileOptions evaluation = training();
  evaluation.train = false;
  CompileOptions update = training();
  update.update = adam;
  for (const CompileOptions& options : {training(), evaluation, update, CompileOptions{.batch_size = 3}})
    for (const bool fuse : {false, true}) {
      CompileOptions chosen = options;
      chosen.compute.fuse = fuse;
      const CompiledModel compiled = compile(varied_model(), chosen);
      EXPECT_TRUE(memory_is_sound(*compiled.program));
      EXPECT_LT(compiled.program->memory.arena_bytes, compiled.program->memory.unplanned_bytes);
    }
}

TEST(Compile, ReusesMemoryWithoutChangingABit) {
  CompileOptions options = training();
  options.compute.fuse = false;  // a kept value stops fusion
  Memory a, b;
  Compiled planned(varied_model(), options, a);
  for (const ValueInfo& v : planned.compiled.program->values())
    if (v.offset >= 0 && (v.role == Role::activation || v.role == Role::gradient)) options.keep.push_back(v.name);
  Compiled apart(varied_model(), options, b);
  EXPECT_EQ(apart.compiled.program->memory.arena_bytes, apart.compiled.program->memory.unplanned_bytes);
  planned.run();
  apart.run();
  EXPECT_EQ(planned.read(planned.compiled.loss), apart.read(apart.compiled.loss));
  EXPECT_EQ(gradients_of(planned, a), gradients_of(apart, b));
}

TEST(Compile, TrainsTheSameWeightsTwice) {
  CompileOptions options = training();
  options.update = adam;
  std::vector<std::vector<double>> weights;
  for (int time = 0; time < 2; ++time) {
    Memory memory{.threads = Threads(2)};
    Compiled network(varied_model(), options, memory);
    for (network.step.step = 0; network.step.step < 5; ++network.step.step) network.run();
    weights.emplace_back();
    for (const auto& entry : network.compiled.program->parameters.entries)
      for (const double w : in_double(memory.store.parameters.get(entry.name))) weights.back().push_back(w);
  }
  EXPECT_EQ(weights[0], weights[1]);
}

TEST(Compile, HardlyDependsOnTheNumberOfThreads) {
  Memory one, two{.threads = Threads(2)};
  Compiled a(varied_model(), training(), one), b(varied_model(), training(), two);
  a.run();
  b.run();
  const Values expected = gradients_of(a, one);
  for (const auto& [name, values] : gradients_of(b, two)) EXPECT_TRUE(agree(values, expected.at(name), 1e-6)) << name;
}

TEST(Compile, LowersTheLossByTraining) {
  CompileOptions options = training();
  options.update = adam;
  Memory memory;
  Compiled network(varied_model(), options, memory);
  network.run();
  const double before = mean_loss(network);
  for (network.step.step = 1; network.step.step < 60; ++network.step.step) network.run();
  EXPECT_LT(mean_loss(network), 0.2 * before);
}

TEST(Compile, LeavesFrozenLayersOutOfTheStep) {
  Sequential model({6});
  model.add(Dense{.units = 4, .trainable = false, .name = "frozen"}, Dense{.units = 3, .name = "head"});
  Memory memory;
  CompileOptions options = training();
  options.update = adam;
  Compiled network(model, options, memory);
  const std::vector<double> before = in_double(memory.store.parameters.get("frozen/kernel"));
  network.run();
  EXPECT_EQ(in_double(memory.store.parameters.get("frozen/kernel")), before);
  EXPECT_EQ(network.compiled.program->gradients.entries.size(), 2u);
  EXPECT_EQ(std::ranges::count(kinds_of(network.compiled), "matmul"), 3) << "two products forward, one gradient";
}

TEST(Compile, TakesLabelsAndOneHotTargetsAlike) {
  Sequential model({6});
  model.add(Dense{.units = 2});
  for (const Loss& loss : {Loss(SoftmaxCrossEntropy{}), Loss(SigmoidCrossEntropy{}), Loss(MeanSquaredError{})}) {
    Memory memory;
    CompileOptions options{.batch_size = 3, .loss = loss, .targets = Targets::labels};
    Compiled by_label(model, options, memory);
    options.targets = Targets::values;
    Compiled by_value(model, options, memory);
    const auto labels = by_label.bound[1]->as<std::int32_t>();
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t k = 0; k < 2; ++k)
        by_value.bound[1]->as<float>()[2 * i + k] = static_cast<std::size_t>(labels[i]) == k ? 1.0f : 0.0f;
    by_label.run();
    const std::vector<double> expected = by_label.read(by_label.compiled.loss);
    by_value.run();
    EXPECT_EQ(by_value.read(by_value.compiled.loss), expected);
  }
}

TEST(Compile, WeighsTheLossAndItsGradientByClassWhenTraining) {
  Sequential model({6});
  model.add(Dense{.units = 2, .name = "d"});
  Memory a, b;
  CompileOptions options = training(DType::float64);
  options.keep = {"d/output/gradient"};
  Compiled plain(model, options, a);
  options.class_weight = {0.5, 4};
  Compiled weighted(model, options, b);
  plain.run();
  weighted.run();
  const auto labels = plain.bound[1]->as<std::int32_t>();
  const auto loss = plain.read(plain.compiled.loss), weighted_loss = weighted.read(weighted.compiled.loss);
  const auto gradient = plain.read("d/output/gradient"), weighted_gradient = weighted.read("d/output/gradient");
  for (std::size_t i = 0; i < 5; ++i) {
    const double weight = options.class_weight[static_cast<std::size_t>(labels[i])];
    EXPECT_DOUBLE_EQ(weighted_loss[i], weight * loss[i]);
    for (std::size_t k : {2 * i, 2 * i + 1}) EXPECT_DOUBLE_EQ(weighted_gradient[k], weight * gradient[k]);
  }
}

TEST(Compile, DoesNotWeighClassesInEvaluation) {
  Sequential model({6});
  model.add(Dense{.units = 2});
  Memory memory;
  CompileOptions options{.batch_size = 5, .loss = SoftmaxCrossEntropy{}, .targets = Targets::labels};
  Compiled plain(model, options, memory);
  options.class_weight = {0.5, 4};
  Compiled weighted(model, options, memory);
  plain.run();
  const auto expected = plain.read(plain.compiled.loss);
  weighted.run();
  EXPECT_EQ(weighted.read(weighted.compiled.loss), expected);
}

TEST(Compile, ComparesPredictionsWithTargetsThatAreNotSmoothed) {
  Sequential model({6});
  model.add(Dense{.units = 1});
  Memory memory;
  CompileOptions options{.batch_size = 5, .loss = SigmoidCrossEntropy{}, .targets = Targets::labels};
  Compiled sharp(model, options, memory);
  options.loss = SigmoidCrossEntropy{.label_smoothing = 1};
  Compiled smooth(model, options, memory);
  sharp.run();
  const auto expected = sharp.read(sharp.compiled.correct);
  smooth.run();
  EXPECT_EQ(smooth.read(smooth.compiled.correct), expected);
}

TEST(Compile, EmitsNothingForOptionsThatAreOff) {
  Sequential model({6});
  model.add(Dense{.units = 3});
  const CompiledModel compiled = compile(model, training());
  for (const char* kind : {"class_weights", "add_l2_penalty", "scale_offset", "multiply"})
    EXPECT_EQ(std::ranges::count(kinds_of(compiled), kind), 0) << kind;
}

TEST(Compile, ComputesTheLossFromWhatGoesIntoAFinalSoftmax) {
  Sequential logits({6}), probabilities({6});
  logits.add(Dense{.units = 4, .name = "d"});
  probabilities.add(Dense{.units = 4, .activation = softmax, .name = "d"});
  const CompileOptions options{.batch_size = 5, .loss = SoftmaxCrossEntropy{}, .targets = Targets::labels};
  Memory a, b;
  Compiled from_logits(logits, options, a), from_probabilities(probabilities, options, b);
  from_logits.run();
  from_probabilities.run();
  EXPECT_EQ(from_probabilities.read(from_probabilities.compiled.loss), from_logits.read(from_logits.compiled.loss));
  EXPECT_EQ(from_probabilities.read(from_probabilities.compiled.outputs),
            from_logits.read(from_logits.compiled.scores));
  EXPECT_EQ(from_probabilities.compiled.scores, from_probabilities.compiled.outputs);
}

TEST(Compile, ComputesTheLossFromWhatGoesIntoAFinalLogSoftmaxAndScoresThatAreProbabilities) {
  Sequential logits({6}), logarithms({6});
  logits.add(Dense{.units = 4, .name = "d"});
  logarithms.add(Dense{.units = 4, .activation = log_softmax, .name = "d"});
  const CompileOptions options{.batch_size = 5, .loss = SoftmaxCrossEntropy{}, .targets = Targets::labels};
  Memory a, b;
  Compiled from_logits(logits, options, a), from_logarithms(logarithms, options, b);
  from_logits.run();
  from_logarithms.run();
  EXPECT_EQ(from_logarithms.read(from_logarithms.compiled.loss), from_logits.read(from_logits.compiled.loss));
  const auto scores = from_logarithms.read(from_logarithms.compiled.scores),
             outputs = from_logarithms.read(from_logarithms.compiled.outputs);
  EXPECT_EQ(scores, from_logits.read(from_logits.compiled.scores));
  for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(std::exp(outputs[i]), scores[i], 1e-6);
}

TEST(Compile, ComputesTheLossFromWhatGoesIntoAFinalSigmoid) {
  Sequential logits({4, 4, 1}), probabilities({4, 4, 1});
  logits.add(Flatten{}, Dense{.units = 1, .name = "d"});
  probabilities.add(Flatten{}, Dense{.units = 1, .activation = sigmoid, .name = "d"});
  const CompileOptions options{.batch_size = 5, .loss = SigmoidCrossEntropy{}, .targets = Targets::labels};
  Memory a, b;
  Compiled from_logits(logits, options, a), from_probabilities(probabilities, options, b);
  from_logits.run();
  from_probabilities.run();
  EXPECT_EQ(from_probabilities.read(from_probabilities.compiled.loss), from_logits.read(from_logits.compiled.loss));
  EXPECT_EQ(from_probabilities.read(from_probabilities.compiled.outputs),
            from_logits.read(from_logits.compiled.scores));
}

TEST(Compile, ComputesNoScoresWhileTraining) {
  EXPECT_EQ(std::ranges::count(kinds_of(compile(varied_model(), training())), "softmax"), 0);
}

TEST(Compile, SharesWeightsBetweenBatchSizes) {
  Memory memory;
  Compiled large(varied_model(), training(), memory);
  CompileOptions options = training();
  options.batch_size = 2;
  options.train = false;
  Compiled small(varied_model(), options, memory);
  EXPECT_EQ(small.executor->read("head/kernel").data, large.executor->read("head/kernel").data);
}

TEST(Compile, EvaluatesOneSampleAsInABatch) {
  const CompileOptions options{.batch_size = 100, .loss = SoftmaxCrossEntropy{}};
  Memory memory;
  Compiled batch(varied_model(), options, memory);
  CompileOptions single = options;
  single.batch_size = 1;
  Compiled alone(varied_model(), single, memory);
  for (Compiled* network : {&batch, &alone}) std::ranges::fill(network->step.modes, LayerMode::of(Mode::evaluate));
  batch.run();
  const std::vector<double> all = batch.read(batch.compiled.scores);
  for (const std::int64_t row : {0, 57, 99}) {
    const auto sample = batch.bound[0]->view().rows(row, row + 1).as<float>();
    std::ranges::copy(sample, alone.bound[0]->as<float>().begin());
    alone.run();
    const std::vector<double> scores = alone.read(alone.compiled.scores);
    for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(scores[k], all[static_cast<std::size_t>(row) * 4 + k], 1e-5) << row;
  }
}

}  // namespace
}  // namespace evenkeel
