#include "evenkeel/diagnose/measure/layer_signals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "evenkeel/diagnose/measure/channel_signals.h"
#include "evenkeel/train/trainer.h"
#include "tests/diagnose/helpers.h"

namespace evenkeel {
namespace {

using namespace activations;

/// A batch of the first n samples.
Batch batch_of(const Dataset& data, std::int64_t n) {
  Batches batches(data, {.batch_size = n, .shuffle = false});
  const Batch& next = batches.next();
  return {.x = next.x.clone(), .labels = next.labels.clone(), .targets = {}, .size = next.size, .after = {}};
}

/// The chain with the statistics of its data.
struct Fitted {
  Fitted()
      : network(chain_model(), {.compute = {.threads = 1}}), data(normal_data(60, chain_model().input_shape(), 1, 2)) {
    reestimate_statistics(network, data);
  }
  Network network;
  Dataset data;
};

TEST(StatisticsGap, IsNoneWhereStatisticsAreThoseOfTheData) {
  Fitted fitted;
  for (const StatisticsGap& gap : statistics_gap(fitted.network, fitted.data)) {
    EXPECT_LT(gap.distance, 1e-9) << gap.layer;
    EXPECT_LT(gap.mean_difference, 1e-6) << gap.layer;
    EXPECT_NEAR(gap.variance_ratio, 1, 1e-6) << gap.layer;
  }
}

TEST(StatisticsGap, BlamesTheLayerWhoseStatisticsAreOffAndNoneBehindIt) {
  Fitted fitted;
  const auto before = statistics_gap(fitted.network, fitted.data);
  // The mean moved by one sigma in every channel: KL = 1/2.
  change(fitted.network, "second/moving_mean", [&](auto values) {
    for (std::size_t c = 0; c < values.size(); ++c)
      values[c] += static_cast<float>(std::sqrt(before[1].data.variance[c] + 1e-3));
  });
  const auto gaps = statistics_gap(fitted.network, fitted.data);
  EXPECT_NEAR(gaps[1].distance, 0.5, 1e-4);
  EXPECT_NEAR(gaps[1].mean_difference, 1, 1e-4);
  for (const std::size_t other : {0, 2, 3}) EXPECT_LT(gaps[other].distance, 1e-9) << gaps[other].layer;
}

TEST(StatisticsGap, MeasuresVariancesByTheirRatio) {
  Fitted fitted;
  change(fitted.network, "third/moving_variance", [](auto values) {
    for (float& v : values) v = 2 * v + 1e-3f;  // with epsilon: doubled
  });
  const StatisticsGap gap = statistics_gap(fitted.network, fitted.data)[2];
  EXPECT_NEAR(gap.variance_ratio, 2, 1e-5);
  EXPECT_NEAR(gap.distance, 0.5 * (std::log(0.5) + 2 - 1), 1e-5);
}

TEST(StatisticsGap, SeesInitialStatistics) {
  const Model model = chain_model();
  Network network(model, {.compute = {.threads = 1}});
  const auto gaps = statistics_gap(network, normal_data(60, model.input_shape(), 4, 2));
  // KL of N(0, 1) to N(4, 4): (ln 4 + 17 / 4 - 1) / 2
  EXPECT_NEAR(gaps[0].distance, 0.5 * (std::log(4) + 17.0 / 4 - 1), 0.1);
  EXPECT_EQ(gaps[0].moving.variance, (std::vector<double>(3, 1.0)));
}

TEST(GradientNorms, AreThoseThatTrainingUses) {
  const Model model = chain_model();
  const Dataset data = normal_data(20, model.input_shape());
  constexpr double kRate = 1e-2;
  Trainer trainer(model,
                  {.optimizer = SGD{.learning_rate = kRate}, .batch_size = 20, .seed = 4, .compute = {.threads = 1}});
  const Batch batch = batch_of(data, 20);
  const auto norms = gradient_norms(trainer.network(), batch);
  std::vector<Tensor> before;
  for (const GradientNorm& norm : norms) before.push_back(Tensor::copy_of(trainer.network().weight(norm.tensor)));
  trainer.step(batch);
  ASSERT_EQ(norms.front().tensor, "first/gamma");
  ASSERT_EQ(norms.back().layer, "head");
  for (std::size_t i = 0; i < norms.size(); ++i) {
    const std::span<const float> was = before[i].as<float>(),
                                 is = trainer.network().weight(norms[i].tensor).as<float>();
    double squares = 0;
    for (std::size_t k = 0; k < was.size(); ++k) squares += std::pow((double{was[k]} - double{is[k]}) / kRate, 2);
    EXPECT_EQ(norms[i].size, std::ssize(was));
    EXPECT_NEAR(norms[i].norm, std::sqrt(squares), 1e-4 * std::sqrt(squares) + 2e-5) << norms[i].tensor;
  }
}

TEST(GradientNorms, VanishBeforeALayerThatHandsNothingOn) {
  Sequential model({5});
  model.add(Dense{.units = 4, .name = "a"}, Dense{.units = 4, .name = "b"}, Dense{.units = 2, .name = "c"});
  Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  const Batch batch = batch_of(normal_data(8, {5}), 8);
  const auto norm_of = [&](const std::string& tensor) {
    const auto norms = gradient_norms(network, batch);
    return std::ranges::find(norms, tensor, &GradientNorm::tensor)->norm;
  };
  EXPECT_GT(norm_of("a/kernel"), 0);
  change(network, "b/kernel", [](auto values) { std::ranges::fill(values, 0.0f); });
  EXPECT_EQ(norm_of("a/kernel"), 0);
  EXPECT_EQ(norm_of("a/bias"), 0);
  EXPECT_GT(norm_of("b/kernel"), 0);
}

TEST(GradientNorms, LeaveTrainingToGoOnAsIfNothingHadBeenMeasured) {
  const Model model = chain_model();
  const Dataset data = normal_data(20, model.input_shape());
  const Batch batch = batch_of(data, 10);
  std::vector<std::vector<std::byte>> ends;
  for (const bool measures : {false, true}) {
    Trainer trainer(model, {.batch_size = 10, .seed = 4, .compute = {.threads = 1}});
    for (int step = 0; step < 3; ++step) {
      if (measures) gradient_norms(trainer.network(), batch, trainer.steps_done());
      trainer.step(batch);
    }
    ends.push_back(trained_bytes(trainer.network()));
  }
  EXPECT_EQ(ends[0], ends[1]);
}

TEST(GradientNorms, DependOnTheMasksOfTheStep) {
  const Model model = chain_model();
  Network network(model, {.loss = SoftmaxCrossEntropy{}, .compute = {.threads = 1}});
  const Batch batch = batch_of(normal_data(10, model.input_shape()), 10);
  EXPECT_EQ(gradient_norms(network, batch, 1)[0].norm, gradient_norms(network, batch, 1)[0].norm);
  EXPECT_NE(gradient_norms(network, batch, 1)[0].norm, gradient_norms(network, batch, 2)[0].norm);
}

TEST(GradientNorms, NeedALossAndTargets) {
  const Model model = chain_model();
  Network without(model, {}), with(model, {.loss = SoftmaxCrossEntropy{}});
  Batch batch = batch_of(normal_data(10, model.input_shape()), 10);
  EXPECT_SAYS(error_of([&] { gradient_norms(without, batch); }), "a loss and targets");
  batch.labels = Tensor();
  EXPECT_SAYS(error_of([&] { gradient_norms(with, batch); }), "a loss and targets");
}

/// Convolution and dense with an activation of their own, and an activation as a layer.
struct Units {
  Units() : network(model(), {.compute = {.threads = 1}}), data(normal_data(45, {5, 5, 2})) {}
  static Model model() {
    Sequential chain({5, 5, 2});
    chain.add(Conv2D{.filters = 3, .activation = relu, .name = "conv"}, Flatten{}, Dense{.units = 6, .name = "linear"},
              BatchNormalization{.name = "bn"}, Activation{.activation = leaky_relu, .name = "act"},
              Dense{.units = 4, .activation = elu, .name = "dense"},
              Dense{.units = 2, .activation = sigmoid, .name = "head"});
    return chain;
  }
  DeadUnits of(const std::string& layer) {
    const auto all = dead_units(network, data, 10);
    return *std::ranges::find(all, layer, &DeadUnits::layer);
  }
  Network network;
  Dataset data;
};

TEST(DeadUnits, AreNoneInAHealthyNetwork) {
  Units units;
  const auto all = dead_units(units.network, units.data, 10);
  std::vector<std::string> layers;
  for (const DeadUnits& layer : all) {
    layers.push_back(layer.layer);
    EXPECT_EQ(layer.fraction(), 0) << layer.layer;
  }
  EXPECT_EQ(layers, (std::vector<std::string>{"conv", "act", "dense"}));
  EXPECT_EQ(all[0].units, 3);
  EXPECT_EQ(all[2].activation, elu);
}

TEST(DeadUnits, AreThoseWithADeadBias) {
  Units units;
  change(units.network, "conv/bias", [](auto b) { b[1] = -1e3f; });
  change(units.network, "dense/bias", [](auto b) { b[0] = b[3] = -1e3f; });
  EXPECT_EQ(units.of("conv").dead, std::vector<std::int64_t>{1});
  EXPECT_EQ(units.of("dense").dead, (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(units.of("dense").fraction(), 0.5);
}

TEST(DeadUnits, AreAllBehindAKernelOfZeros) {
  Units units;
  change(units.network, "conv/kernel", [](auto w) { std::ranges::fill(w, 0.0f); });
  EXPECT_EQ(units.of("conv").fraction(), 1);
}

TEST(DeadUnits, OfAnActivationLayerDieByTheNormalizationBeforeIt) {
  Units units;
  change(units.network, "bn/beta", [](auto b) { b[2] = -1e3f; });
  EXPECT_EQ(units.of("act").dead, std::vector<std::int64_t>{2});
}

TEST(DeadUnits, LiveByASingleSample) {
  Units units;
  Tensor x({41, 5, 5, 2}, DType::float32);
  Dataset silent({.name = "silent", .x = x.clone(), .y = {}, .class_names = {}});
  change(units.network, "conv/kernel", [](auto w) { std::ranges::fill(w, 1.0f); });
  const auto dead = [&](Dataset data) { return dead_units(units.network, data, 10)[0].dead.size(); };
  EXPECT_EQ(dead(silent), 3u);
  x.as<float>().back() = 1;
  EXPECT_EQ(dead(Dataset({.name = "one", .x = std::move(x), .y = {}, .class_names = {}})), 0u);
}

TEST(DeadUnits, AreNotThoseThatAreNaN) {
  Units units;
  change(units.network, "conv/bias", [](auto b) { b[1] = std::numeric_limits<float>::quiet_NaN(); });
  EXPECT_TRUE(units.of("conv").dead.empty());
}

TEST(DeadUnits, LeaveTheNetworkAsItWas) {
  Units units;
  const auto before = trained_bytes(units.network);
  dead_units(units.network, units.data);
  EXPECT_EQ(trained_bytes(units.network), before);
}

}  // namespace
}  // namespace evenkeel
