#include "evenkeel/kernels/dropout.h"

#include <algorithm>
#include <limits>

#include "evenkeel/kernels/reference/dropout.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

constexpr float kRates[] = {0.0f, 0.1f, 0.3f, 0.75f};
constexpr RandomKey kKey{.seed = 0x123456789ABCDEFull, .index = 5, .step = (1ull << 32) + 7};

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

TEST_P(Dropout, AtRateZeroCopies) {
  const std::vector<float> x = normal_values(1000, 2);
  std::vector<float> y(x.size());
  dropout(x, 0, kKey, y, Threads(1));
  EXPECT_EQ(y, x);
}

TEST_P(Dropout, MakesZeroOfADroppedNaN) {
  const std::vector<float> x(100, std::numeric_limits<float>::quiet_NaN());
  std::vector<float> y(x.size());
  dropout(x, 0.75f, kKey, y, Threads(1));
  RandomStream stream(kKey);
  for (const float value : y) EXPECT_EQ(std::isnan(value), stream.bits() >= dropout_threshold(0.75f));
}

TEST_P(Dropout, HasTheSameMaskInPlaceAndOnAnyThreadCount) {
  const std::vector<float> x = normal_values(100000, 3);
  std::vector<float> y(x.size());
  dropout(x, 0.3f, kKey, y, Threads(1));
  for (const int threads : {1, 2, 3}) {
    std::vector<float> in_place = x;
    dropout(in_place, 0.3f, kKey, in_place, Threads(threads));
    EXPECT_EQ(in_place, y) << threads;
  }
}

TEST_P(Dropout, HasAnotherMaskForEachPartOfTheKey) {
  const std::vector<float> x(1000, 1.0f);
  std::vector<float> y(x.size()), other(x.size());
  dropout(x, 0.3f, kKey, y, Threads(1));
  RandomKey seed = kKey, index = kKey, step = kKey;
  seed.seed += 1ull << 32;
  index.index += 1;
  step.step += 1ull << 32;
  for (const RandomKey& key : {seed, index, step}) {
    dropout(x, 0.3f, key, other, Threads(1));
    EXPECT_NE(other, y);
  }
}

}  // namespace
}  // namespace evenkeel::kernels
