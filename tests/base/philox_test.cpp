#include "evenkeel/base/philox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace evenkeel {
namespace {

using testing::ElementsAre;

constexpr std::uint32_t kOnes = 0xffffffffu;

// The known answers that Random123 publishes (kat_vectors, philox4x32 10).
TEST(Philox, GivesThePublishedAnswerForZeros) {
  EXPECT_THAT(philox4x32({0, 0, 0, 0}, {0, 0}), ElementsAre(0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u));
}

TEST(Philox, GivesThePublishedAnswerForOnes) {
  EXPECT_THAT(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
              ElementsAre(0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu));
}

TEST(Philox, GivesThePublishedAnswerForPi) {
  EXPECT_THAT(philox4x32({0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}, {0xa4093822u, 0x299f31d0u}),
              ElementsAre(0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u));
}

TEST(RandomStream, IsThePureFunctionThatItsKeyDocuments) {
  RandomStream stream({.seed = 0x123456789abcdef0u, .purpose = Purpose::shuffle, .index = 7, .step = 0x1122334455u});
  for (std::uint32_t block = 0; block < 3; ++block) {
    const auto expected = philox4x32({block, 3u << 24 | 7u, 0x22334455u, 0x11u}, {0x9abcdef0u, 0x12345678u});
    for (const std::uint32_t word : expected) EXPECT_EQ(stream.bits(), word);
  }
}

TEST(RandomStream, DiffersWithEveryPartOfItsKey) {
  const RandomKey key{.seed = 1, .purpose = Purpose::dropout, .index = 2, .step = 3};
  std::vector<RandomKey> keys(7, key);
  keys[1].seed = 2;
  keys[2].seed = (std::uint64_t{1} << 32) + 1;
  keys[3].purpose = Purpose::shuffle;
  keys[4].index = 3;
  keys[5].step = 4;
  keys[6].step = (std::uint64_t{1} << 32) + 3;
  std::set<std::uint32_t> firsts;
  for (const RandomKey& each : keys) firsts.insert(RandomStream(each).bits());
  EXPECT_EQ(firsts.size(), keys.size());
}

TEST(RandomStream, GoesOnAlikeWhenCopied) {
  RandomStream stream({.seed = 5});
  stream.normal();
  stream.bits();
  RandomStream copy = stream;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(copy.normal(), stream.normal());
}

TEST(RandomStream, BelowStaysBelow) {
  RandomStream stream({.seed = 1});
  for (const std::uint32_t bound : {1u, 2u, 3u, 10u, 0x80000001u, kOnes})
    for (int i = 0; i < 1000; ++i) EXPECT_LT(stream.below(bound), bound);
}

TEST(RandomStream, BelowOneIsAlwaysZero) {
  RandomStream stream({.seed = 1});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(stream.below(1), 0u);
}

TEST(RandomStream, BelowReachesEveryValueEquallyOften) {
  RandomStream stream({.seed = 1});
  constexpr int kDraws = 70'000;
  std::array<int, 7> counts{};
  for (int i = 0; i < kDraws; ++i) ++counts[stream.below(7)];
  double chi_squared = 0;
  for (const int count : counts) chi_squared += std::pow(count - kDraws / 7.0, 2) / (kDraws / 7.0);
  EXPECT_LT(chi_squared, 22.5);  // 6 degrees of freedom, p = 0.001
}

TEST(RandomStream, BelowHasNoBiasWhereTheBoundHardlyDivides) {
  // Four words fall on three values here: without the rejection each value divisible by 3 comes twice as often.
  RandomStream stream({.seed = 2});
  constexpr std::uint32_t kBound = 3u << 30;
  constexpr int kDraws = 30'000;
  std::array<int, 3> counts{};
  for (int i = 0; i < kDraws; ++i) ++counts[stream.below(kBound) % 3];
  for (const int count : counts) EXPECT_NEAR(count, kDraws / 3, 400);  // 5 standard deviations; the bias would be 5000
}

TEST(RandomStream, UniformLiesInItsIntervalWithTheRightMoments) {
  RandomStream stream({.seed = 3});
  double sum = 0, squares = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = stream.uniform();
    ASSERT_GE(x, 0.0);
    ASSERT_LT(x, 1.0);
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 1.0 / 2, 5e-3);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 5e-3);
}

TEST(RandomStream, UniformBetweenBoundsScales) {
  RandomStream a({.seed = 4}), b({.seed = 4});
  EXPECT_DOUBLE_EQ(a.uniform(-2, 6), -2 + 8 * b.uniform());
}

TEST(RandomStream, NormalHasTheMomentsOfTheStandardNormal) {
  RandomStream stream({.seed = 6});
  double sum = 0, squares = 0, fourths = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = stream.normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0.0, 0.016);
  EXPECT_NEAR(squares / kDraws, 1.0, 0.023);
  EXPECT_NEAR(fourths / kDraws, 3.0, 0.16);
}

}  // namespace
}  // namespace evenkeel
