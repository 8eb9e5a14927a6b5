#include "evenkeel/program/roofline.h"

#include <gtest/gtest.h>

namespace evenkeel {
namespace {

constexpr Roofline kMachine{.gflops = 200, .gbytes_per_s = 10};

PlanLine line_of(double flops, std::int64_t bytes) {
  PlanLine line;
  line.kernel = "simd";
  line.flops = flops;
  line.bytes = bytes;
  return line;
}

TEST(Standing, TellsWhatWasAchieved) {
  const Standing standing = standing_of(line_of(3e9, 4'000'000'000), 2, kMachine);
  EXPECT_DOUBLE_EQ(standing.gflops, 1.5);
  EXPECT_DOUBLE_EQ(standing.gbytes_per_s, 2);
}

TEST(Standing, IsBoundByArithmeticWhereThatTakesLonger) {
  const Standing standing = standing_of(line_of(100e9, 1'000'000'000), 1, kMachine);
  EXPECT_TRUE(standing.bound_by_arithmetic);
  EXPECT_DOUBLE_EQ(standing.share, 0.5);
}

TEST(Standing, IsBoundByMemoryWhereThatTakesLonger) {
  const Standing standing = standing_of(line_of(1e9, 5'000'000'000), 1, kMachine);
  EXPECT_FALSE(standing.bound_by_arithmetic);
  EXPECT_DOUBLE_EQ(standing.share, 0.5);
}

TEST(Standing, OfAViewIsNothing) {
  PlanLine view = line_of(0, 0);
  view.kernel.clear();
  EXPECT_EQ(standing_of(view, 1, kMachine).share, 0);
}

TEST(Roofline, OfThisMachineHasBothLimits) {
  const Roofline roofline = measure_roofline(Threads(1));
  EXPECT_GT(roofline.gflops, 0);
  EXPECT_GT(roofline.gbytes_per_s, 0);
}

}  // namespace
}  // namespace evenkeel
