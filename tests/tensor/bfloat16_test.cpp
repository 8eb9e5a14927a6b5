#include "evenkeel/tensor/bfloat16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Bfloat16, HoldsWholeNumbersUpTo256) {
  for (int i = -256; i <= 256; ++i) EXPECT_EQ(float{bfloat16(static_cast<float>(i))}, static_cast<float>(i));
}

TEST(Bfloat16, RoundsTiesToTheEvenNeighbour) {
  EXPECT_EQ(float{bfloat16(257.0f)}, 256.0f);  // between 256 and 258
  EXPECT_EQ(float{bfloat16(259.0f)}, 260.0f);  // between 258 and 260
  EXPECT_EQ(float{bfloat16(-257.0f)}, -256.0f);
}

TEST(Bfloat16, RoundsWhatIsNoTieToTheNearest) {
  EXPECT_EQ(float{bfloat16(256.99f)}, 256.0f);
  EXPECT_EQ(float{bfloat16(257.01f)}, 258.0f);
}

TEST(Bfloat16, RoundsSubnormalsToo) {
  EXPECT_EQ(float{bfloat16(0x1.8p-133f)}, 0x1p-132f);  // halfway between 1 and 2 of the smallest, 2^-133
  EXPECT_EQ(float{bfloat16(0x1.2p-133f)}, 0x1p-133f);
  EXPECT_EQ(float{bfloat16(0x1p-135f)}, 0.0f);
}

TEST(Bfloat16, KeepsInfinityAndTheSignOfZero) {
  EXPECT_EQ(float{bfloat16(kInfinity)}, kInfinity);
  EXPECT_EQ(float{bfloat16(-kInfinity)}, -kInfinity);
  EXPECT_TRUE(std::signbit(float{bfloat16(-0.0f)}));
}

TEST(Bfloat16, BeyondItsLargestNumberIsInfinite) {
  EXPECT_EQ(float{bfloat16(std::numeric_limits<float>::max())}, kInfinity);
}

TEST(Bfloat16, StaysNaNWhereTheUpperHalfAloneWouldBeInfinity) {
  EXPECT_TRUE(std::isnan(float{bfloat16(std::bit_cast<float>(0x7F800001u))}));
  EXPECT_TRUE(std::isnan(float{bfloat16(std::bit_cast<float>(0xFFFFFFFFu))}));
}

TEST(Bfloat16, IsATypeOfTensors) {
  const std::vector<float> values{1.0f, 257.0f, -0.3f};
  const Tensor narrow = converted(Tensor::of<float>({3}, values), DType::bfloat16);
  EXPECT_EQ(narrow.bytes(), 6u);
  EXPECT_EQ(name_of(narrow.dtype()), "bfloat16");
  const Tensor wide = converted(narrow, DType::float64);
  EXPECT_EQ(wide.as<double>()[1], 256.0);
  EXPECT_NEAR(wide.as<double>()[2], -0.3, 0.3 * 0x1p-8);
}

TEST(Bfloat16, KeepsItsSumsInFloat32) {
  EXPECT_EQ(precise(DType::bfloat16), DType::float32);
  EXPECT_EQ(precise(DType::float64), DType::float64);
}

}  // namespace
}  // namespace evenkeel
