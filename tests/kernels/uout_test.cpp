#include "evenkeel/kernels/noise/uout.h"

#include "evenkeel/kernels/noise/uout_reference.h"
#include "tests/kernels/noise_checks.h"

namespace evenkeel::kernels {
namespace {

constexpr float kBetas[] = {0.0f, 0.1f, 0.5f, 1.5f};
constexpr RandomKey kKey{.seed = 0x123456789ABCDEFull, .purpose = Purpose::uout, .index = 5, .step = (1ull << 32) + 7};

auto uout_of(float beta) {
  return [beta](std::span<const float> x, const RandomKey& key, std::span<float> y, const Threads& threads) {
    uout(x, beta, key, y, threads);
  };
}

class Uout : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(Uout);

TEST_P(Uout, HasTheFactorsOfTheReference) {
  for (const std::int64_t n : {1, 3, 4, 15, 16, 17, 1000, 50001})
    for (const int threads : {1, 2, 3})
      for (const float beta : kBetas) {
        SCOPED_TRACE(testing::Message() << n << " elements at " << beta << " on " << threads);
        const std::vector<float> x = normal_values(n, 1, 3);
        std::vector<float> y(x.size());
        std::vector<double> expected(x.size());
        uout(x, beta, kKey, y, Threads(threads));
        reference::uout<double>(in_double(x), double{beta}, kKey, expected);
        const double largest = double{*std::ranges::max_element(x, {}, [](float v) { return std::abs(v); })};
        EXPECT_TRUE(agrees(y, expected, {.absolute = 3 * kRounding * std::abs(largest) * (1 + double{beta})}));
      }
}

TEST_P(Uout, HasFactorsOfMeanOneAndAThirdOfBetaSquaredAsVariance) {
  constexpr double kElements = 1e6;
  const std::vector<float> x(static_cast<std::size_t>(kElements), 1.0f);
  std::vector<float> y(x.size());
  for (const float beta : kBetas) {
    uout(x, beta, kKey, y, Threads(2));
    double mean = 0, variance = 0;
    for (const float factor : y) mean += double{factor} / kElements;
    for (const float factor : y) variance += (double{factor} - mean) * (double{factor} - mean) / kElements;
    const double expected = double{beta} * double{beta} / 3;
    // Five standard errors: of a mean, and of the variance of a uniform number (its fourth moment is beta^4 / 5).
    EXPECT_NEAR(mean, 1, 5 * std::sqrt(expected / kElements) + 1e-9) << beta;
    EXPECT_NEAR(variance, expected, 5 * expected * std::sqrt(0.8 / kElements) + 1e-15) << beta;
  }
}

TEST_P(Uout, StaysWithinBeta) {
  const std::vector<float> x(100003, 1.0f);
  std::vector<float> y(x.size());
  uout(x, 0.5f, kKey, y, Threads(2));
  EXPECT_GE(*std::ranges::min_element(y), 0.5f);
  EXPECT_LE(*std::ranges::max_element(y), 1.5f);
}

TEST_P(Uout, AtBetaZeroCopies) { expect_it_copies(uout_of(0), kKey); }

TEST_P(Uout, HasTheSameFactorsInPlaceAndOnAnyThreadCount) {
  expect_the_same_in_place_and_on_any_thread_count(uout_of(0.3f), kKey);
}

TEST_P(Uout, HasOtherFactorsForEachPartOfTheKey) { expect_another_for_each_part_of_the_key(uout_of(0.3f), kKey); }

}  // namespace
}  // namespace evenkeel::kernels
