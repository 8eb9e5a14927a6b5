#include "evenkeel/nn/layers/normalization.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/layer_check.h"
#include "tests/support/program_check.h"

namespace evenkeel {
namespace {

constexpr LayerMode kTraining{};

/// Mean and biased variance of one channel of the trial's input.
struct Moments {
  double rows = 0, mean = 0, variance = 0;
  Moments(Trial& trial, std::size_t channel) {
    const std::vector<double> x = in_double(trial.input(0));
    const auto channels = static_cast<std::size_t>(trial.input(0).shape().back());
    rows = static_cast<double>(x.size() / channels);
    for (std::size_t i = channel; i < x.size(); i += channels) mean += x[i] / rows;
    for (std::size_t i = channel; i < x.size(); i += channels) variance += (x[i] - mean) * (x[i] - mean) / rows;
  }
};

TEST(BatchNormalization, NormalizesByTheBatchWhileTraining) {
  Trial trial(subject_of(BatchNormalization{.epsilon = 1e-3, .center = false, .scale = false}, {{6, 5, 2, 3}}));
  trial.run(kTraining);
  const std::vector<double> x = in_double(trial.input(0)), y = trial.output();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Moments of(trial, i % 3);
    EXPECT_NEAR(y[i], (x[i] - of.mean) / std::sqrt(of.variance + 1e-3), 1e-12);
  }
}

TEST(BatchNormalization, KeepsMomentumToTheNTimesItsInitialStatistics) {
  constexpr int kRuns = 7;
  constexpr double kMomentum = 0.75;
  Trial trial(subject_of(BatchNormalization{.momentum = kMomentum}, {{9, 2}}));
  const Values before = trial.states();
  for (int i = 0; i < kRuns; ++i) trial.run(kTraining);
  const Values after = trial.states();
  const double kept = std::pow(kMomentum, kRuns);
  for (std::size_t c = 0; c < 2; ++c) {
    const Moments of(trial, c);
    EXPECT_NEAR(after.at("layer/moving_mean")[c], kept * before.at("layer/moving_mean")[c] + (1 - kept) * of.mean,
                1e-12);
    EXPECT_NEAR(after.at("layer/moving_variance")[c],
                kept * before.at("layer/moving_variance")[c] + (1 - kept) * of.variance, 1e-12);
  }
}

TEST(BatchNormalization, FollowsTheUnbiasedVarianceWhereAsked) {
  Trial trial(subject_of(BatchNormalization{.momentum = 0, .unbiased_moving_variance = true}, {{3, 2, 2, 2}}));
  trial.run(kTraining);
  const Moments of(trial, 1);
  EXPECT_NEAR(trial.states().at("layer/moving_variance")[1], of.variance * of.rows / (of.rows - 1), 1e-12);
  EXPECT_NEAR(trial.states().at("layer/moving_mean")[1], of.mean, 1e-12);
}

TEST(BatchNormalization, HasAFiniteUnbiasedVarianceOfASingleRow) {
  Trial trial(subject_of(BatchNormalization{.momentum = 0, .unbiased_moving_variance = true}, {{1, 2}}));
  trial.run(kTraining);
  EXPECT_EQ(trial.states().at("layer/moving_variance"), (std::vector<double>{0, 0}));
}

TEST(BatchNormalization, UsesTheStatisticsThatTheModeNames) {
  const Subject subject = subject_of(BatchNormalization{.center = false, .scale = false}, {{7, 2}});
  for (const Statistics used : {Statistics::moving, Statistics::supplied})
    for (const bool update : {false, true}) {
      Trial trial(subject);
      Block& block = used == Statistics::moving ? trial.store().state : trial.store().supplied;
      const std::string prefix = used == Statistics::moving ? "layer/moving_" : "layer/supplied_";
      const std::vector<double> mean = in_double(block.get(prefix + "mean")),
                                variance = in_double(block.get(prefix + "variance"));
      trial.run({used, update, false});
      const std::vector<double> x = in_double(trial.input(0)), y = trial.output();
      for (std::size_t i = 0; i < x.size(); ++i)
        EXPECT_NEAR(y[i], (x[i] - mean[i % 2]) / std::sqrt(variance[i % 2] + 1e-3), 1e-12) << "update " << update;
    }
}

TEST(BatchNormalization, UpdatesItsMovingStatisticsJustWhereTheModeSaysSo) {
  const Subject subject = subject_of(BatchNormalization{}, {{7, 2}});
  for (const Statistics used : {Statistics::batch, Statistics::moving, Statistics::supplied}) {
    Trial trial(subject);
    const Values before = trial.states();
    trial.run({used, false, true});
    EXPECT_EQ(trial.states(), before);
    trial.run({used, true, true});
    const Moments of(trial, 1);
    EXPECT_NEAR(trial.states().at("layer/moving_mean")[1], 0.99 * before.at("layer/moving_mean")[1] + 0.01 * of.mean,
                1e-12);
  }
}

TEST(BatchNormalization, FollowsStatisticsThoughItIsFrozen) {
  Trial trial(subject_of(BatchNormalization{.trainable = false}, {{7, 2}}));
  const Values before = trial.states();
  trial.run(kTraining);
  EXPECT_NE(trial.states(), before);
  EXPECT_FALSE(trial.gradients().contains("layer/gamma"));
}

TEST(BatchNormalizationFromParts, EqualsTheFusedLayerInEveryMode) {
  for (const DType real : {DType::float64, DType::float32})
    for (const LayerMode& mode : every_mode())
      for (const Shape& shape : {Shape{13, 6}, {3, 4, 2, 5}}) {
        Trial parts(subject_of(BatchNormalizationFromParts{.momentum = 0.75}, {shape}), {.real = real});
        Trial fused(subject_of(BatchNormalization{.momentum = 0.75}, {shape}), {.real = real});
        parts.run(mode);
        fused.run(mode);
        const double tolerance = real == DType::float64 ? 1e-12 : 1e-5;
        EXPECT_TRUE(agree(parts.output(), fused.output(), tolerance));
        const Values gradients = parts.gradients(), states = parts.states();
        for (const auto& [name, values] : fused.gradients())
          EXPECT_TRUE(agree(gradients.at(name), values, tolerance)) << name;
        for (const auto& [name, values] : fused.states())
          EXPECT_TRUE(agree(states.at(name), values, tolerance)) << name;
      }
}

TEST(BatchNormalization, StaysExactWhereTheMeanIsFarFromZero) {
  const Subject subject = subject_of(BatchNormalization{.center = false, .scale = false}, {{64, 3}});
  Trial exact(subject), fast(subject, {.real = DType::float32});
  for (Trial* trial : {&exact, &fast}) {
    Tensor& x = trial->input(0);
    for (std::int64_t i = 0; i < x.shape().size(); ++i) {
      const auto value = static_cast<float>(1000.0 + std::sin(static_cast<double>(i)));
      if (x.dtype() == DType::float64)
        x.as<double>()[static_cast<std::size_t>(i)] = double{value};
      else
        x.as<float>()[static_cast<std::size_t>(i)] = value;
    }
    trial->run(kTraining);
  }
  EXPECT_TRUE(agree(fast.output(), exact.output(), 1e-3));
}

}  // namespace
}  // namespace evenkeel
