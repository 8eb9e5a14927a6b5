#include "evenkeel/kernels/noise/dropout.h"

#include <algorithm>
#include <limits>

#include "evenkeel/kernels/noise/dropout_reference.h"
#include "evenkeel/tensor/bfloat16.h"
#include "tests/kernels/noise_checks.h"

namespace evenkeel::kernels {
namespace {

constexpr float kRates[] = {0.0f, 0.1f, 0.3f, 0.75f};
constexpr RandomKey kKey{.seed = 0x123456789ABCDEFull, .index = 5, .step = (1ull << 32) + 7};

auto dropout_of(float rate) {
  return [rate](std::span<const float> x, const RandomKey& key, std::span<float> y, const Threads& threads) {
    dropout(x, rate, key, y, threads);
  };
}

class Dropout : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(Dropout);

TEST_P(Dropout, HasTheMaskAndTheScaleOfTheReference) {
  for (const std::int64_t n : {1, 3, 4, 15, 16, 17, 1000, 50001})
    for (const int threads : {1, 2, 3})
      for (const float rate : kRates) {
        SCOPED_TRACE(testing::Message() << n << " elements at " << rate << " on " << threads);
        const std::vector<float> x = normal_values(n, 1, 3);
        std::vector<float> y(x.size());
        std::vector<double> expected(x.size());
        dropout(x, rate, kKey, y, Threads(threads));
        reference::dropout<double>(in_double(x), double{rate}, kKey, expected);
        // The factor is rounded, then the product; what is 0 must be 0.
        EXPECT_TRUE(agrees(y, expected, {.relative = 2 * kRounding}));
      }
}

TEST_P(Dropout, MaskIsTheStreamOfTheKey) {
  const std::vector<float> x(1003, 1.0f);
  std::vector<float> y(x.size());
  dropout(x, 0.3f, kKey, y, Threads(1));
  RandomStream stream(kKey);
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i] != 0, stream.bits() >= dropout_threshold(0.3f)) << i;
}

TEST_P(Dropout, KeepsItsShareOfTheElements) {
  const std::vector<float> x(1000000, 1.0f);
  std::vector<float> y(x.size());
  for (const float rate : kRates) {
    dropout(x, rate, kKey, y, Threads(2));
    const auto kept = static_cast<double>(std::count_if(y.begin(), y.end(), [](float v) { return v != 0; })) / 1e6;
    // Five standard deviations of a fraction of a million.
    EXPECT_NEAR(kept, 1 - double{rate}, 5 * std::sqrt(double{rate} * (1 - double{rate}) / 1e6)) << rate;
  }
}

TEST_P(Dropout, AtRateZeroCopies) { expect_it_copies(dropout_of(0), kKey); }

TEST_P(Dropout, MakesZeroOfADroppedNaN) {
  const std::vector<float> x(100, std::numeric_limits<float>::quiet_NaN());
  std::vector<float> y(x.size());
  dropout(x, 0.75f, kKey, y, Threads(1));
  RandomStream stream(kKey);
  for (const float value : y) EXPECT_EQ(std::isnan(value), stream.bits() >= dropout_threshold(0.75f));
}

TEST_P(Dropout, HasTheSameMaskInPlaceAndOnAnyThreadCount) {
  expect_the_same_in_place_and_on_any_thread_count(dropout_of(0.3f), kKey);
}

TEST_P(Dropout, HasAnotherMaskForEachPartOfTheKey) { expect_another_for_each_part_of_the_key(dropout_of(0.3f), kKey); }

/// Mean and variance of values, and their standard errors.
struct Estimates {
  explicit Estimates(const std::vector<float>& values) {
    const auto n = static_cast<double>(values.size());
    double fourth = 0;
    for (const float v : values) mean += double{v} / n;
    for (const float v : values) variance += (double{v} - mean) * (double{v} - mean) / n;
    for (const float v : values) fourth += std::pow(double{v} - mean, 4) / n;
    mean_error = std::sqrt(variance / n);
    variance_error = std::sqrt((fourth - variance * variance) / n);
  }
  double mean = 0, variance = 0, mean_error = 0, variance_error = 0;
};

class SpatialDropout : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(SpatialDropout);

TEST_P(SpatialDropout, HasTheMaskAndTheScaleOfTheReference) {
  for (const std::int64_t channels : {1, 3, 4, 30, 76})
    for (const std::int64_t positions : {1, 7, 35})
      for (const int threads : {1, 2, 3})
        for (const float rate : kRates) {
          SCOPED_TRACE(testing::Message() << positions << " of " << channels << " at " << rate << " on " << threads);
          const Size size{29 * positions, channels};
          const std::vector<float> x = normal_values(size.rows * channels, 1, 3);
          const std::vector<double> exact = in_double(x);
          std::vector<float> y(x.size());
          std::vector<double> expected(x.size());
          spatial_dropout(matrix_of(x, size), positions, rate, kKey, matrix_of(y, size), Threads(threads));
          reference::spatial_dropout<double>(matrix_of(exact, size), positions, double{rate}, kKey,
                                             matrix_of(expected, size));
          EXPECT_TRUE(agrees(y, expected, {.relative = 2 * kRounding}));
        }
}

TEST_P(SpatialDropout, KeepsItsShareOfTheChannelsEachAsAWhole) {
  constexpr std::int64_t kSamples = 4000, kPositions = 6, kChannels = 25;
  const Size size{kSamples * kPositions, kChannels};
  const std::vector<float> x(static_cast<std::size_t>(size.rows * size.columns), 1.0f);
  std::vector<float> y(x.size());
  spatial_dropout(matrix_of(x, size), kPositions, 0.3f, kKey, matrix_of(y, size), Threads(2));
  double kept = 0;
  for (std::int64_t sample = 0; sample < kSamples; ++sample)
    for (std::int64_t c = 0; c < kChannels; ++c) {
      const float* first = y.data() + sample * kPositions * kChannels + c;
      for (std::int64_t p = 1; p < kPositions; ++p) ASSERT_EQ(first[p * kChannels], *first);
      kept += *first != 0;
    }
  constexpr double kDraws = kSamples * kChannels;
  EXPECT_NEAR(kept / kDraws, 0.7, 5 * std::sqrt(0.3 * 0.7 / kDraws));
}

TEST_P(SpatialDropout, MakesZeroOfADroppedNaN) {
  const Size size{40, 5};
  const std::vector<float> x(200, std::numeric_limits<float>::quiet_NaN());
  std::vector<float> y(x.size());
  spatial_dropout(matrix_of(x, size), 4, 0.75f, kKey, matrix_of(y, size), Threads(1));
  EXPECT_GT(std::ranges::count(y, 0.0f), 100);
}

class GaussianDropout : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(GaussianDropout);

TEST_P(GaussianDropout, HasTheFactorsOfTheReference) {
  for (const std::int64_t n : {1, 3, 4, 15, 16, 17, 1000, 1000001})
    for (const int threads : {1, 2, 3})
      for (const float deviation : {0.0f, 0.3f, 2.0f}) {
        SCOPED_TRACE(testing::Message() << n << " elements at " << deviation << " on " << threads);
        const std::vector<float> x(static_cast<std::size_t>(n), 1.0f);
        std::vector<float> y(x.size());
        std::vector<double> expected(x.size());
        gaussian_dropout(x, deviation, kKey, y, Threads(threads));
        reference::gaussian_dropout<double>(in_double(x), double{deviation}, kKey, expected);
        EXPECT_TRUE(agrees(y, expected, {.relative = 2 * kRounding, .absolute = 3e-6 * double{deviation}}));
      }
}

TEST_P(GaussianDropout, HasFactorsOfMeanOneAndTheVarianceOfDropouts) {
  const std::vector<float> x(2000000, 1.0f);
  std::vector<float> y(x.size());
  for (const double rate : {0.1, 0.3, 0.75}) {
    gaussian_dropout(x, static_cast<float>(std::sqrt(rate / (1 - rate))), kKey, y, Threads(2));
    const Estimates of(y);
    EXPECT_NEAR(of.mean, 1, 5 * of.mean_error) << rate;
    EXPECT_NEAR(of.variance, rate / (1 - rate), 5 * of.variance_error) << rate;
  }
}

TEST_P(GaussianDropout, HasTheSameFactorsInPlaceAndOnAnyThreadCount) {
  const std::vector<float> x = normal_values(100000, 3);
  std::vector<float> y(x.size());
  gaussian_dropout(x, 0.5f, kKey, y, Threads(1));
  for (const int threads : {1, 2, 3}) {
    std::vector<float> in_place = x;
    gaussian_dropout(in_place, 0.5f, kKey, in_place, Threads(threads));
    EXPECT_EQ(in_place, y) << threads;
  }
}

class AffineDropout : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(AffineDropout);

TEST_P(AffineDropout, HasTheMaskOfDropoutAndTheOutcomesOfTheReference) {
  constexpr KeptAndDropped kOutcome{.scale = 0.75f, .offset = -2, .dropped = 5};
  for (const std::int64_t n : {1, 3, 16, 17, 1000, 50001})
    for (const int threads : {1, 2, 3})
      for (const float rate : kRates) {
        SCOPED_TRACE(testing::Message() << n << " elements at " << rate << " on " << threads);
        const std::vector<float> x = normal_values(n, 1, 3);
        std::vector<float> y(x.size()), masked(x.size());
        std::vector<double> expected(x.size());
        affine_dropout(x, rate, kOutcome, kKey, y, Threads(threads));
        reference::affine_dropout<double>(in_double(x), double{rate}, kOutcome, kKey, expected);
        EXPECT_TRUE(agrees(y, expected, {.relative = kRounding, .absolute = 10 * kRounding}));
        dropout(std::vector<float>(x.size(), 1), rate, kKey, masked, Threads(threads));
        for (std::size_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i] == kOutcome.dropped, masked[i] == 0) << i;
      }
}

TEST_P(AffineDropout, InBfloat16IsThatOfFloatRounded) {
  constexpr KeptAndDropped kOutcome{.scale = 0.75f, .offset = -2, .dropped = 5};
  std::vector<bfloat16> x, y(1003), z(1003);
  for (const float v : normal_values(1003, 1)) x.emplace_back(v);
  const std::vector<float> wide(x.begin(), x.end());
  std::vector<float> affine(wide.size()), gaussian(wide.size());
  affine_dropout(wide, 0.3f, kOutcome, kKey, affine, Threads(1));
  affine_dropout<bfloat16>(x, 0.3f, kOutcome, kKey, y, Threads(1));
  gaussian_dropout(wide, 0.3f, kKey, gaussian, Threads(1));
  gaussian_dropout<bfloat16>(x, 0.3f, kKey, z, Threads(1));
  for (std::size_t i = 0; i < y.size(); ++i) {
    ASSERT_EQ(y[i].bits, bfloat16(affine[i]).bits) << i;
    ASSERT_EQ(z[i].bits, bfloat16(gaussian[i]).bits) << i;
  }
}

}  // namespace
}  // namespace evenkeel::kernels
