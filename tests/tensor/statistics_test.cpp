#include "evenkeel/tensor/statistics.h"

#include <gtest/gtest.h>

#include <array>

namespace evenkeel {
namespace {

template <class T>
Tensor two(T a, T b) {
  return Tensor::of<T>({2}, std::array{a, b});
}

TEST(ElementStatistics, OfBytesAreExact) {
  const ElementStatistics s = element_statistics(two<std::uint8_t>(0, 255));
  EXPECT_EQ(s.mean, 127.5);
  EXPECT_EQ(s.standard_deviation, 127.5);
  EXPECT_EQ(s.minimum, 0);
  EXPECT_EQ(s.maximum, 255);
}

TEST(ElementStatistics, OfFloatsSurviveALargeMean) {
  EXPECT_EQ(element_statistics(two<float>(16777214.0f, 16777216.0f)).standard_deviation, 1.0);
}

TEST(ElementStatistics, OfIntegersAreThoseOfTheirValues) {
  EXPECT_EQ(element_statistics(two<std::int32_t>(-3, 5)).mean, 1.0);
}

TEST(RunningStatistics, OfPiecesAreThoseOfTheWhole) {
  RunningStatistics running;
  for (const auto& piece : {two<float>(1, 5), two<float>(-2, 100), two<float>(7, 7)}) running.add(piece);
  running.add(two<std::uint8_t>(3, 250));
  const std::array<float, 8> all = {1, 5, -2, 100, 7, 7, 3, 250};
  const ElementStatistics s = running.result(), whole = element_statistics(Tensor::of<float>({8}, all));
  EXPECT_NEAR(s.mean, whole.mean, 1e-12);
  EXPECT_NEAR(s.standard_deviation, whole.standard_deviation, 1e-12);
  EXPECT_EQ(s.minimum, -2);
  EXPECT_EQ(s.maximum, 250);
}

TEST(ElementStatistics, OfNoElementsAreZero) {
  EXPECT_EQ(element_statistics(Tensor({0}, DType::float32)).standard_deviation, 0.0);
}

}  // namespace
}  // namespace evenkeel
