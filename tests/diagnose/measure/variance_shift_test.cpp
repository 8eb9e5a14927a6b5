#include "evenkeel/diagnose/measure/variance_shift.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "evenkeel/base/philox.h"
#include "evenkeel/kernels/noise/dropout.h"
#include "evenkeel/kernels/noise/uout.h"
#include "evenkeel/nn/layers/core.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

constexpr double kMean = 5, kVariance = 4;
constexpr std::size_t kSamples = 1000000;

/// The variance of N(5, standard deviation 2) behind the noise.
double measured(const std::function<void(std::span<float>)>& noise) {
  std::vector<float> x(kSamples);
  RandomStream stream({.seed = 2, .purpose = Purpose::study});
  for (float& v : x) v = static_cast<float>(kMean + std::sqrt(kVariance) * stream.normal());
  noise(x);
  double mean = 0, variance = 0;
  for (const float v : x) mean += double{v} / kSamples;
  for (const float v : x) variance += (double{v} - mean) * (double{v} - mean) / kSamples;
  return variance;
}

double behind_dropout(double keep) {
  return measured(
      [&](std::span<float> x) { kernels::dropout(x, static_cast<float>(1 - keep), {.seed = 1}, x, Threads(1)); });
}

double behind_uout(double beta) {
  return measured([&](std::span<float> x) {
    kernels::uout(x, static_cast<float>(beta), {.seed = 1, .purpose = Purpose::uout}, x, Threads(1));
  });
}

// A variance measured in a million samples is off by some 0.2 %.
constexpr double kTolerance = 0.01;

TEST(VarianceShift, BehindDropoutIsWhatDropoutMakes) {
  for (const double keep : {0.5, 0.8, 0.95}) {
    const double predicted = variance_behind_dropout(kMean, kVariance, keep);
    EXPECT_NEAR(behind_dropout(keep), predicted, kTolerance * predicted) << keep;
  }
}

TEST(VarianceShift, BeforeDropoutIsWhatWasThere) {
  for (const double keep : {0.5, 0.8, 0.95})
    EXPECT_NEAR(variance_before_dropout(kMean, behind_dropout(keep), keep), kVariance,
                kTolerance * variance_behind_dropout(kMean, kVariance, keep))
        << keep;
}

TEST(VarianceShift, BehindUoutIsWhatUoutMakes) {
  for (const double beta : {0.1, 0.5, 1.5}) {
    const double predicted = variance_behind_uout(kMean, kVariance, beta);
    EXPECT_NEAR(behind_uout(beta), predicted, kTolerance * predicted) << beta;
  }
}

TEST(VarianceShift, OfUoutWithTheBetaOfADropoutIsThatOfTheDropout) {
  for (const double rate : {0.05, 0.2, 0.5}) {
    const double beta = uout_beta_for_dropout(rate), dropout = variance_behind_dropout(kMean, kVariance, 1 - rate);
    EXPECT_NEAR(variance_behind_uout(kMean, kVariance, beta), dropout, 1e-9) << rate;
    EXPECT_NEAR(behind_uout(beta), behind_dropout(1 - rate), 2 * kTolerance * dropout) << rate;
  }
}

TEST(VarianceShift, BeforeUoutIsWhatGaveTheVarianceBehindIt) {
  for (const double beta : {0.0, 0.3, 1.2})
    EXPECT_NEAR(variance_before_uout(-2, variance_behind_uout(-2, 0.7, beta), beta), 0.7, 1e-12);
}

TEST(VarianceShift, OfTheNotebookIsElevenAndAQuarter) {
  EXPECT_NEAR(variance_behind_dropout(5, 4, 0.8), 11.25, 1e-12);
  EXPECT_NEAR(variance_before_dropout(5, 11.25, 0.8), 4, 1e-12);
}

TEST(VarianceShift, OfReluOfANormalNumberIsThatOfThePaper) {
  const double mean = 1 / std::sqrt(2 * std::numbers::pi), variance = 0.5 - mean * mean;
  EXPECT_NEAR(variance_shift_of_dropout(mean, variance, 0.9), 0.860, 5e-4);
  EXPECT_NEAR(variance_shift_of_dropout(mean, variance, 0.7), 0.614, 5e-4);
  EXPECT_NEAR(variance_shift_of_dropout(mean, variance, 0.5), 0.405, 5e-4);
}

TEST(VarianceShift, IsNoneWhereNothingIsDroppedOrNothingIsThere) {
  EXPECT_EQ(variance_shift_of_dropout(3, 2, 1), 1);
  EXPECT_EQ(variance_shift_of_dropout(0, 0, 0.5), 1);
  EXPECT_EQ(variance_behind_uout(3, 2, 0), 2);
}

TEST(VarianceShift, RefusesWhatIsNoProbabilityOrVariance) {
  EXPECT_SAYS(error_of([] { variance_behind_dropout(0, 1, 0); }), "keep: expected a number in (0, 1], received 0");
  EXPECT_SAYS(error_of([] { variance_before_dropout(0, 1, 1.5); }), "keep");
  EXPECT_SAYS(error_of([] { variance_behind_dropout(0, std::nan(""), 0.5); }), "variance");
  EXPECT_SAYS(error_of([] { variance_behind_uout(0, 1, -1); }), "beta");
}

}  // namespace
}  // namespace evenkeel
