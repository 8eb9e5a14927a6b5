#include "evenkeel/nn/layers/normalization.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/layer_check.h"
#include "tests/support/program_check.h"
#include "tests/support/testing.h"

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

TEST(BatchNormalization, HoldsTheCheckWithoutMovingStatisticsAndAsTheMeanOfAllBatches) {
  // Evaluation depends on the batch, so check_layer would not do.
  for (const std::int64_t group : {0, 2})
    check_program(subject_of(BatchNormalization{.virtual_batch_size = group, .moving_statistics = false}, {{5, 3, 4}}));
  check_program(subject_of(BatchNormalization{.axis = 1, .center = false, .scale = false, .moving_statistics = false},
                           {{4, 3, 5}}));
  check_layer(BatchNormalization{.cumulative_average = true}, {4, 2, 3, 5});
}

TEST(BatchNormalization, EvaluatesByTheBatchWithoutMovingStatistics) {
  Trial trial(subject_of(BatchNormalization{.moving_statistics = false}, {{6, 5, 3}}));
  EXPECT_TRUE(trial.states().empty());
  trial.run(kTraining);
  const std::vector<double> y = trial.output();
  trial.run(LayerMode::of(Mode::evaluate));
  EXPECT_EQ(trial.output(), y);
}

TEST(BatchNormalization, KeepsTheMeanOfAllBatchesWhereAsked) {
  Trial trial(subject_of(BatchNormalization{.cumulative_average = true}, {{9, 2}}));
  trial.store().state.values<double>("layer/batches")[0] = 0;
  double sum = 0;
  for (int batch = 1; batch <= 5; ++batch) {
    for (double& x : trial.input(0).as<double>()) x = x * 1.5 - 0.25;
    sum += Moments(trial, 1).variance;
    trial.run(kTraining);
    EXPECT_NEAR(trial.states().at("layer/moving_variance")[1], sum / batch, 1e-12);
    EXPECT_EQ(trial.states().at("layer/batches")[0], batch);
  }
}

TEST(BatchNormalization, CannotFreezeStatisticsThatItDoesNotKeep) {
  const BatchNormalization layer{.moving_statistics = false, .frozen_statistics = true};
  EXPECT_SAYS(error_of([&] {
                Trial(subject_of(layer, {{4, 3}}));
              }),
              "\"frozen_statistics\": expected moving statistics");
}

TEST(BatchNormalization, CannotAverageStatisticsThatItDoesNotKeep) {
  const BatchNormalization layer{.moving_statistics = false, .cumulative_average = true};
  EXPECT_SAYS(error_of([&] {
                Trial(subject_of(layer, {{4, 3}}));
              }),
              "\"cumulative_average\": expected moving statistics");
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

// Along another axis than the last.

TEST(BatchNormalization, IsALayerAlongEveryAxis) {
  for (const std::int64_t axis : {1, 2, 3, -1, -2, -3})
    check_layer(BatchNormalization{.axis = axis, .momentum = 0.75}, {3, 5, 2, 4});
  check_layer(BatchNormalization{.axis = 1}, {2, 30, 1, 1});
  check_layer(BatchNormalization{.axis = -2, .center = false, .virtual_batch_size = 2}, {5, 3, 4});
  check_layer(BatchNormalization{.axis = 1, .scale = false}, {1, 1, 3});
}

TEST(BatchNormalization, AlongAnotherAxisIsThatOfTheInputWithTheAxisLast) {
  constexpr std::size_t kChannels = 3, kBehind = 8;
  Trial trial(subject_of(BatchNormalization{.axis = 1, .center = false, .scale = false}, {{5, 3, 2, 4}}));
  trial.run(kTraining);
  const std::vector<double> x = in_double(trial.input(0)), y = trial.output();
  const auto channel = [](std::size_t i) { return i / kBehind % kChannels; };
  for (std::size_t i = 0; i < x.size(); ++i) {
    double n = 0, mean = 0, variance = 0;
    for (std::size_t j = 0; j < x.size(); ++j) n += channel(j) == channel(i);
    for (std::size_t j = 0; j < x.size(); ++j) mean += channel(j) == channel(i) ? x[j] / n : 0;
    for (std::size_t j = 0; j < x.size(); ++j)
      variance += channel(j) == channel(i) ? (x[j] - mean) * (x[j] - mean) / n : 0;
    EXPECT_NEAR(y[i], (x[i] - mean) / std::sqrt(variance + 1e-3), 1e-12) << i;
  }
}

TEST(BatchNormalization, MovesNothingWhereAViewWillDo) {
  const auto moves = [](const Shape& shape) {
    Trial trial(subject_of(BatchNormalization{.axis = 1}, {shape}));
    return std::ranges::count_if(trial.program().nodes(),
                                 [](const Node& node) { return node.op->kind() == "permute"; });
  };
  EXPECT_EQ(moves({4, 3, 1, 1}), 0);
  EXPECT_GT(moves({4, 3, 2, 1}), 0);
}

TEST(BatchNormalization, RefusesAnAxisThatTheInputDoesNotHaveOrThatIsTheBatch) {
  for (const std::int64_t axis : {0, 4, -4, -5}) {
    const std::string text = error_of([&] { Trial(subject_of(BatchNormalization{.axis = axis}, {{3, 5, 2, 4}})); });
    EXPECT_SAYS(text, "\"axis\": expected an axis of [N, 5, 2, 4] other than the batch: 1 to 3, or -1 to -3");
  }
}

// Ghost batches.

TEST(BatchNormalization, IsALayerWithGhostBatches) {
  for (const std::int64_t samples : {1, 2, 3, 7, 8, 0})
    check_layer(BatchNormalization{.momentum = 0.75, .virtual_batch_size = samples}, {7, 3, 2, 4});
  check_layer(BatchNormalization{.center = false, .virtual_batch_size = 4}, {13, 30});
  check_layer(BatchNormalization{.scale = false, .unbiased_moving_variance = true, .virtual_batch_size = 2},
              {4, 5, 1, 1});
  check_layer(BatchNormalization{.virtual_batch_size = 5}, {5, 76});
}

/// Rows [first, last) of a trial's input, normalized by themselves.
std::vector<double> normalized_alone(Trial& trial, std::int64_t first, std::int64_t last) {
  const Shape shape = trial.input(0).shape().with(0, last - first);
  Trial alone(subject_of(BatchNormalization{.center = false, .scale = false}, {shape}));
  std::ranges::copy(trial.input(0).view().rows(first, last).as<double>(), alone.input(0).as<double>().begin());
  alone.run(kTraining);
  return alone.output();
}

TEST(BatchNormalization, NormalizesEachGhostBatchByItself) {
  Trial trial(subject_of(BatchNormalization{.center = false, .scale = false, .virtual_batch_size = 3}, {{8, 2, 3}}));
  trial.run(kTraining);
  std::vector<double> expected;
  for (const std::int64_t first : {0, 3, 6})
    for (const double v : normalized_alone(trial, first, std::min<std::int64_t>(first + 3, 8))) expected.push_back(v);
  EXPECT_TRUE(agree(trial.output(), expected, 1e-14));
}

TEST(BatchNormalization, LetsMovingStatisticsFollowTheMeanOfTheGhostBatchesBySamples) {
  Trial trial(subject_of(BatchNormalization{.momentum = 0, .virtual_batch_size = 3}, {{8, 2}}));
  trial.run(kTraining);
  const std::vector<double> x = in_double(trial.input(0));
  for (std::size_t c = 0; c < 2; ++c) {
    double mean = 0, variance = 0;
    for (const auto& [first, last] : {std::pair<std::size_t, std::size_t>{0, 3}, {3, 6}, {6, 8}}) {
      const auto n = static_cast<double>(last - first);
      double of_group = 0;
      for (std::size_t row = first; row < last; ++row) of_group += x[2 * row + c] / n;
      mean += of_group * n / 8;
      for (std::size_t row = first; row < last; ++row)
        variance += (x[2 * row + c] - of_group) * (x[2 * row + c] - of_group) / 8;
    }
    EXPECT_NEAR(trial.states().at("layer/moving_mean")[c], mean, 1e-12);
    EXPECT_NEAR(trial.states().at("layer/moving_variance")[c], variance, 1e-12);
  }
}

TEST(BatchNormalization, EvaluatesTheSameWithGhostBatches) {
  const Shape shape = {8, 3, 2, 5};
  Trial ghost(subject_of(BatchNormalization{.virtual_batch_size = 3}, {shape})),
      whole(subject_of(BatchNormalization{}, {shape}));
  for (Trial* trial : {&ghost, &whole}) trial->run(LayerMode::of(Mode::evaluate));
  EXPECT_EQ(ghost.output(), whole.output());
}

TEST(BatchNormalization, HasStatisticsAsLinesOfTheirOwn) {
  for (const std::int64_t samples : {0, 8, 100}) {
    Trial trial(subject_of(BatchNormalization{.virtual_batch_size = samples}, {{8, 3}}));
    std::vector<std::string> kinds;
    for (const Node& node : trial.program().nodes()) kinds.emplace_back(node.op->kind());
    EXPECT_EQ(kinds, (std::vector<std::string>{"moments", "select_statistics", "update_statistics", "inverse_deviation",
                                               "normalize", "normalize_sums", "normalize_data_gradient"}));
  }
}

// Batch renormalization.

// r and d are constants for the gradient, which a numerical derivative does not know: here they are constant because
// the limits hold them.
TEST(BatchRenormalization, IsALayer) {
  for (const Shape& shape : {Shape{2, 5, 7, 1}, {1, 1, 1, 3}, {13, 30}, {3, 3, 4, 4}, {4, 3, 5}})
    check_layer(BatchRenormalization{.momentum = 0.75, .r_max = 1, .d_max = 0x1p-10}, shape);
  check_layer(BatchRenormalization{.r_max = 1, .d_max = 0x1p-10, .center = false, .unbiased_moving_variance = true},
              {3, 2, 3, 4});
  check_layer(BatchRenormalization{.epsilon = 1e-5, .r_max = 1, .d_max = 0x1p-10, .scale = false}, {5, 6});
  check_layer(BatchRenormalization{.r_max = 1, .d_max = 0x1p-10, .center = false, .scale = false}, {2, 3, 3, 5});
}

TEST(BatchRenormalization, WithoutLimitsComputesWhileTrainingWhatItDoesInEvaluation) {
  Trial trial(subject_of(BatchRenormalization{.r_max = 1e6, .d_max = 1e6}, {{9, 2, 3}}));
  LayerMode mode;
  mode.update_statistics = false;
  trial.run(mode);
  const std::vector<double> training = trial.output();
  trial.run(LayerMode::of(Mode::evaluate));
  EXPECT_TRUE(agree(training, trial.output(), 1e-12));
}

TEST(BatchRenormalization, AtItsNarrowestIsBatchNormalizationInEveryMode) {
  for (const LayerMode& mode : every_mode()) {
    Trial narrow(subject_of(BatchRenormalization{.r_max = 1, .d_max = 0}, {{9, 2, 3}}));
    Trial plain(subject_of(BatchNormalization{}, {{9, 2, 3}}));
    for (Trial* trial : {&narrow, &plain}) trial->run(mode);
    EXPECT_TRUE(agree(narrow.output(), plain.output(), 1e-12));
    const Values gradients = narrow.gradients(), states = narrow.states();
    for (const auto& [name, values] : plain.gradients()) EXPECT_TRUE(agree(gradients.at(name), values, 1e-12)) << name;
    for (const auto& [name, values] : plain.states()) EXPECT_TRUE(agree(states.at(name), values, 1e-12)) << name;
  }
}

TEST(BatchRenormalization, LimitsTheCorrection) {
  constexpr double kRMax = 1.5, kDMax = 0.25;
  for (const double moving_variance : {1.25, 1e-2, 1e2}) {
    Trial trial(
        subject_of(BatchRenormalization{.r_max = kRMax, .d_max = kDMax, .center = false, .scale = false}, {{64, 2}}));
    std::ranges::fill(trial.store().state.values<double>("layer/moving_variance"), moving_variance);
    const Values before = trial.states();
    trial.run(kTraining);
    const std::vector<double> x = in_double(trial.input(0)), y = trial.output();
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Moments of(trial, i % 2);
      const double deviation = std::sqrt(of.variance + 1e-3), moving = std::sqrt(moving_variance + 1e-3);
      const double r = std::clamp(deviation / moving, 1 / kRMax, kRMax);
      const double d = std::clamp((of.mean - before.at("layer/moving_mean")[i % 2]) / moving, -kDMax, kDMax);
      EXPECT_NEAR(y[i], (x[i] - of.mean) / deviation * r + d, 1e-12);
    }
  }
}

TEST(BatchRenormalization, HasTheGradientOfBatchNormalizationTimesR) {
  Trial trial(subject_of(BatchRenormalization{.center = false, .scale = false}, {{16, 1}}));
  Trial plain(subject_of(BatchNormalization{.center = false, .scale = false}, {{16, 1}}));
  const double moving = std::sqrt(trial.states().at("layer/moving_variance")[0] + 1e-3);
  for (Trial* t : {&trial, &plain}) t->run(kTraining);
  const double r = std::sqrt(Moments(trial, 0).variance + 1e-3) / moving;
  EXPECT_NE(r, 1);
  std::vector<double> expected = plain.gradients().at("x0");
  for (double& v : expected) v *= r;
  EXPECT_TRUE(agree(trial.gradients().at("x0"), expected, 1e-12));
}

}  // namespace
}  // namespace evenkeel
