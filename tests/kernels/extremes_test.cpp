#include "evenkeel/kernels/probe/extremes.h"

#include <limits>

#include "evenkeel/kernels/probe/extremes_reference.h"
#include "tests/kernels/kernel_test.h"

namespace evenkeel::kernels {
namespace {

class AccumulatedExtremes : public EveryTarget {};
EVENKEEL_ON_EVERY_TARGET(AccumulatedExtremes);

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Extremes {
  explicit Extremes(std::int64_t columns)
      : smallest(static_cast<std::size_t>(columns), 99), largest(static_cast<std::size_t>(columns), -99) {}
  std::vector<double> smallest, largest;
};

TEST_P(AccumulatedExtremes, OverBatchesAreThoseOfTheReference) {
  for_sizes_and_threads([](Size size, const Threads& threads) {
    std::vector<float> x = normal_values(2 * size.rows * size.columns, 1);
    x[x.size() / 3] = kNaN;
    Extremes found(size.columns), expected(size.columns);
    const std::int64_t half = size.rows * size.columns;
    accumulate_extremes({x.data(), size.rows, size.columns}, 0, found.smallest, found.largest, threads);
    accumulate_extremes({x.data() + half, size.rows, size.columns}, static_cast<double>(size.rows), found.smallest,
                        found.largest, threads);
    reference::accumulate_extremes<float>({x.data(), 2 * size.rows, size.columns}, 0, expected.smallest,
                                          expected.largest);
    for (std::size_t c = 0; c < found.smallest.size(); ++c) {
      if (std::isnan(expected.smallest[c])) {
        ASSERT_TRUE(std::isnan(found.smallest[c]) && std::isnan(found.largest[c])) << c;
        continue;
      }
      ASSERT_EQ(found.smallest[c], expected.smallest[c]) << c;
      ASSERT_EQ(found.largest[c], expected.largest[c]) << c;
    }
  });
}

TEST_P(AccumulatedExtremes, KeepANaNThatWasSeenBefore) {
  const std::vector<float> first{1, kNaN}, second{-3, 5};
  Extremes found(1);
  accumulate_extremes({first.data(), 2, 1}, 0, found.smallest, found.largest, Threads(1));
  accumulate_extremes({second.data(), 2, 1}, 2, found.smallest, found.largest, Threads(1));
  EXPECT_TRUE(std::isnan(found.smallest[0]));
  EXPECT_TRUE(std::isnan(found.largest[0]));
}

TEST_P(AccumulatedExtremes, SeeNothingButTheColumnsElements) {
  const std::vector<float> x(7, 2.0f);
  Extremes found(1);
  accumulate_extremes({x.data(), 7, 1}, 0, found.smallest, found.largest, Threads(1));
  EXPECT_EQ(found.smallest[0], 2);
  EXPECT_EQ(found.largest[0], 2);
}

}  // namespace
}  // namespace evenkeel::kernels
