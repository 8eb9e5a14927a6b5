#include "evenkeel/tensor/shape.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();

TEST(Shape, CountsAxesFromBothEnds) {
  const Shape shape{2, 3, 5};
  EXPECT_EQ(shape.rank(), 3);
  EXPECT_EQ(shape[0], 2);
  EXPECT_EQ(shape[-1], 5);
  EXPECT_EQ(shape.back(), 5);
}

TEST(Shape, HasTheProductOfItsSizesAsSize) {
  EXPECT_EQ(Shape({2, 3, 5}).size(), 30);
  EXPECT_EQ(Shape({2, 0, 5}).size(), 0);
}

TEST(Shape, IsAScalarOfOneElementWithoutAxes) {
  EXPECT_EQ(Shape().rank(), 0);
  EXPECT_EQ(Shape().size(), 1);
}

TEST(Shape, CountsTheElementsOfARow) {
  EXPECT_EQ(Shape({2, 3, 5}).row_size(), 15);
  EXPECT_EQ(Shape({7}).row_size(), 1);
}

TEST(Shape, ReplacesOneAxis) {
  EXPECT_EQ(Shape({2, 3, 5}).with(1, 9), Shape({2, 9, 5}));
  EXPECT_EQ(Shape({2, 3, 5}).with(-1, 9), Shape({2, 3, 9}));
}

TEST(Shape, DropsAndPutsTheFirstAxis) {
  EXPECT_EQ(Shape({2, 3, 5}).without_first(), Shape({3, 5}));
  EXPECT_EQ(Shape().without_first(), Shape());
  EXPECT_EQ(Shape({3, 5}).batched(2), Shape({2, 3, 5}));
}

TEST(Shape, DiffersInRankAndInSizes) {
  EXPECT_NE(Shape({2, 3}), Shape({2, 3, 1}));
  EXPECT_NE(Shape({2, 3}), Shape({3, 2}));
  EXPECT_NE(Shape({0}), Shape());
}

TEST(Shape, RefusesMoreThanSixAxes) {
  EXPECT_THROW(Shape({1, 1, 1, 1, 1, 1, 1}), Error);
  EXPECT_THROW(Shape({1, 1, 1, 1, 1, 1}).batched(1), Error);
}

TEST(Shape, RefusesANegativeSize) {
  EXPECT_THROW(Shape({2, -1}), Error);
  EXPECT_THROW(Shape({2, 3}).with(0, -1), Error);
}

TEST(Shape, RefusesAProductThatOverflows) {
  EXPECT_NO_THROW(Shape({kLargest}));
  EXPECT_THROW(Shape({kLargest, 2}), Error);
  EXPECT_THROW(Shape({std::int64_t{1} << 32, std::int64_t{1} << 31}), Error);
}

TEST(Shape, RefusesAnOverflowBehindAZero) { EXPECT_THROW(Shape({0, kLargest, kLargest}), Error); }

TEST(Shape, ReadsAsAList) {
  EXPECT_EQ(to_string(Shape({32, 28, 28, 1})), "[32, 28, 28, 1]");
  EXPECT_EQ(to_string(Shape()), "[]");
  EXPECT_EQ(to_string_batched(Shape({28, 28, 1})), "[N, 28, 28, 1]");
  EXPECT_EQ(to_string_batched(Shape()), "[N]");
}

}  // namespace
}  // namespace evenkeel
