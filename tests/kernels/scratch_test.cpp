#include "evenkeel/kernels/simd/scratch.h"

#include <gtest/gtest.h>

#include <thread>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel::kernels {
namespace {

TEST(Scratch, StaysWhereItIsForARequestNoLarger) {
  const float* first = scratch<float>(Scratch::rows, 5000);
  EXPECT_EQ(scratch<float>(Scratch::rows, 5000), first);
  EXPECT_EQ(scratch<float>(Scratch::rows, 17), first);
}

TEST(Scratch, IsAligned) {
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(scratch<float>(Scratch::shift, 3)) % kAlignment, 0u);
}

TEST(Scratch, IsAnotherForEachPurpose) {
  EXPECT_NE(scratch<float>(Scratch::rows, 10), scratch<float>(Scratch::shift, 10));
}

TEST(Scratch, IsAnotherForEachThread) {
  const float* here = scratch<float>(Scratch::totals, 10);
  const float* there = nullptr;
  std::thread([&] { there = scratch<float>(Scratch::totals, 10); }).join();
  EXPECT_NE(here, there);
}

}  // namespace
}  // namespace evenkeel::kernels
