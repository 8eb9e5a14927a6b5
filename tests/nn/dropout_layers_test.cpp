#include "evenkeel/nn/layers/dropout.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/nn/layers/core.h"
#include "tests/nn/estimates.h"
#include "tests/support/layer_check.h"
#include "tests/support/program_check.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

constexpr LayerMode kTraining{};

TEST(SpatialDropout2D, IsALayer) {
  for (const double rate : {0.0, 0.3, 0.9}) check_layer(SpatialDropout2D{.rate = rate}, {2, 5, 3, 4});
  check_layer(SpatialDropout2D{}, {1, 1, 1, 3});
  check_layer(SpatialDropout2D{.rate = 0.2}, {3, 3, 1, 30});
}

TEST(GaussianDropout, IsALayer) {
  for (const double rate : {0.0, 0.3, 0.8}) check_layer(GaussianDropout{.rate = rate}, {5, 13});
  check_layer(GaussianDropout{.rate = 0.2}, {2, 3, 3, 3});
}

TEST(AlphaDropout, IsALayer) {
  for (const double rate : {0.0, 0.3, 0.9}) check_layer(AlphaDropout{.rate = rate}, {5, 13});
  check_layer(AlphaDropout{.rate = 0.2}, {1, 3, 3, 3});
}

TEST(SpatialDropout2D, TakesImagesOnly) {
  const std::string text = error_of([] { Trial(subject_of(SpatialDropout2D{}, {{3, 5}})); });
  EXPECT_SAYS(text, "expected input [N, H, W, C], received [N, 5]");
}

/// A layer over many elements that are uniform in [-2, 2): mean 0 and variance 4/3.
Trial over_many(const Layer& layer) { return Trial(subject_of(layer, {{50, 20, 20, 10}}), {.real = DType::float32}); }

// Of independent factors f of mean 1 and variance s, and elements of mean c and variance v: x * f has mean c and
// variance v + s (c^2 + v). All of these have s = rate / (1 - rate).
TEST(DropoutLayers, KeepTheMeanAndHaveTheVarianceOfTheirFactors) {
  constexpr double kMean = 1.5, kVariance = 4.0 / 3.0;
  for (const double rate : {0.1, 0.3, 0.75})
    for (const Layer& layer :
         {Layer(Dropout{.rate = rate}), Layer(SpatialDropout2D{.rate = rate}), Layer(GaussianDropout{.rate = rate})}) {
      SCOPED_TRACE(testing::Message() << layer.type() << " at " << rate);
      Trial trial = over_many(layer);
      for (float& x : trial.input(0).as<float>()) x += static_cast<float>(kMean);
      trial.run(kTraining);
      const Estimates of(trial.output());
      // 400 positions share a mask of SpatialDropout2D.
      const double draws = layer.as<SpatialDropout2D>() ? 20 : 1;
      EXPECT_NEAR(of.mean, kMean, 5 * draws * of.mean_error);
      EXPECT_NEAR(of.variance, kVariance + rate / (1 - rate) * (kMean * kMean + kVariance),
                  5 * draws * of.variance_error);
    }
}

TEST(AlphaDropout, KeepsMeanZeroAndVarianceOne) {
  for (const double rate : {0.1, 0.3, 0.75}) {
    Trial trial = over_many(AlphaDropout{.rate = rate});
    for (float& x : trial.input(0).as<float>()) x *= std::sqrt(0.75f);
    trial.run(kTraining);
    const Estimates of(trial.output());
    EXPECT_NEAR(of.mean, 0, 5 * of.mean_error) << rate;
    EXPECT_NEAR(of.variance, 1, 5 * of.variance_error + 1e-4) << rate;
  }
}

TEST(AlphaDropout, IsKerasFormula) {
  constexpr double kRate = 0.3, kDropped = -1.6732632423543772848 * 1.0507009873554804934;
  Trial trial(subject_of(AlphaDropout{.rate = kRate}, {{50, 3}}));
  trial.run(kTraining);
  const double a = std::pow((1 - kRate) * (1 + kRate * kDropped * kDropped), -0.5), b = -a * kDropped * kRate;
  const std::vector<double> x = in_double(trial.input(0)), y = trial.output(), dx = trial.gradients().at("x0");
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool kept = dx[i] != 0;
    EXPECT_NEAR(y[i], a * (kept ? x[i] : kDropped) + b, 1e-6) << i;
  }
}

TEST(DropoutLayers, AreOffInEvaluation) {
  for (const Layer& layer :
       {Layer(SpatialDropout2D{.rate = 0.7}), Layer(GaussianDropout{.rate = 0.7}), Layer(AlphaDropout{.rate = 0.7})}) {
    Trial trial(subject_of(layer, {{3, 4, 5, 3}}));
    trial.run(LayerMode::of(Mode::evaluate));
    EXPECT_EQ(trial.output(), in_double(trial.input(0))) << layer.type();
  }
}

TEST(DropoutLayers, MultiplyTheGradientByWhatTheyMultipliedTheInputBy) {
  for (const Layer& layer : {Layer(SpatialDropout2D{.rate = 0.4}), Layer(GaussianDropout{.rate = 0.4})}) {
    // The gradient that arrives at the output is the same for both layers: that of a layer that does nothing.
    Trial trial(subject_of(layer, {{3, 4, 5, 3}})), idle(subject_of(layer, {{3, 4, 5, 3}}));
    trial.run(kTraining);
    idle.run(LayerMode::of(Mode::evaluate));
    const std::vector<double> x = in_double(trial.input(0)), y = trial.output(), dx = trial.gradients().at("x0"),
                              dy = idle.gradients().at("x0");
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(dx[i] * x[i], dy[i] * y[i], 1e-9) << layer.type();
  }
}

}  // namespace
}  // namespace evenkeel
