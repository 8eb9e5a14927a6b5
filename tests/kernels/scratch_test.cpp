#include "evenkeel/kernels/scratch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/kernels/simd/columns_scratch.h"

namespace evenkeel::kernels {
namespace {

/// Memory that was planned for this many bytes.
struct Planned {
  explicit Planned(std::size_t bytes) : memory(bytes), scratch(memory.data(), bytes) {}
  AlignedBuffer memory;
  Scratch scratch;
};

TEST(Scratch, HandsOutAlignedPiecesThatDoNotOverlap) {
  Planned of(scratch_of<float>(3) + scratch_of<double>(5));
  const auto* first = of.scratch.take<float>(3);
  const auto* second = of.scratch.take<double>(5);
  for (const void* piece : {static_cast<const void*>(first), static_cast<const void*>(second)})
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(piece) % kAlignment, 0u);
  EXPECT_GE(reinterpret_cast<const char*>(second), reinterpret_cast<const char*>(first + 3));
}

TEST(Scratch, RefusesMoreThanWasPlanned) {
  Planned of(scratch_of<float>(16));
  of.scratch.take<float>(16);
  EXPECT_THROW(of.scratch.take<float>(1), Error);
}

TEST(Scratch, LetsACallWithinHaveTheRestAgainAndAgain) {
  Planned of(scratch_of<float>(16) + scratch_of<float>(8));
  of.scratch.take<float>(16);
  const float* first = of.scratch.rest().take<float>(8);
  EXPECT_EQ(of.scratch.rest().take<float>(8), first);
}

TEST(Scratch, TakesMemoryOfItsOwnWhereNoneWasPlanned) {
  Scratch scratch;
  float* first = scratch.take<float>(1000);
  float* second = scratch.take<float>(1000);
  std::fill_n(first, 1000, 1.0f);
  std::fill_n(second, 1000, 2.0f);
  EXPECT_EQ(first[999], 1.0f);
}

TEST(ScratchOfRanges, HasMemoryForEachOfThem) {
  Planned of(3 * scratch_of<float>(16));
  const ScratchOfRanges ranges(of.scratch, scratch_of<float>(16), 3);
  EXPECT_EQ(ranges.of(2).take<float>(16) - ranges.of(0).take<float>(16), 2 * 16);
}

TEST(LongestStretch, HasRoomForEveryWidthOfVectors) {
  for (std::int64_t columns = 1; columns < 3000; ++columns)
    for (std::int64_t lanes = 1; lanes <= 16; lanes *= 2)
      ASSERT_GE(longest_stretch(columns), (period_of(columns, lanes) + lanes - 1) / lanes * lanes) << columns;
}

}  // namespace
}  // namespace evenkeel::kernels
