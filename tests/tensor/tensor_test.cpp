#include "evenkeel/tensor/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "evenkeel/base/error.h"
#include "tests/support/testing.h"

// Read by the address sanitizer when the tests are built with it: a request that no system meets is to fail as it does
// without it, not to end the program.
extern "C" const char* __asan_default_options() { return "allocator_may_return_null=1"; }

namespace evenkeel {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

Tensor counted(Shape shape) {
  Tensor tensor(shape, DType::float32);
  std::iota(tensor.as<float>().begin(), tensor.as<float>().end(), 0.f);
  return tensor;
}

TEST(DType, KnowsSizesAndNames) {
  EXPECT_EQ(size_of(DType::float32), sizeof(float));
  EXPECT_EQ(size_of(DType::float64), sizeof(double));
  EXPECT_EQ(size_of(DType::uint8), 1u);
  EXPECT_EQ(size_of(DType::int32), 4u);
  EXPECT_EQ(size_of(DType::int64), 8u);
  EXPECT_EQ(name_of(DType::float32), "float32");
  EXPECT_EQ(name_of(DType::int64), "int64");
}

TEST(AlignedBuffer, BeginsOnACacheLine) {
  for (const std::size_t bytes : {1, 63, 64, 65, 1000})
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(AlignedBuffer(bytes).data()) % kAlignment, 0u);
}

TEST(AlignedBuffer, RefusesMoreThanTheSystemGives) {
  EXPECT_THAT(error_of([] { AlignedBuffer(std::size_t{1} << 62); }), HasSubstr("memory: expected"));
}

TEST(Tensor, IsZeroWhenNew) {
  for (const DType dtype : {DType::float32, DType::float64, DType::uint8, DType::int32, DType::int64}) {
    const Tensor tensor({3, 5}, dtype);
    EXPECT_THAT(std::span(tensor.data(), tensor.bytes()), Each(std::byte{0}));
  }
}

TEST(Tensor, IsEmptyByDefault) {
  EXPECT_EQ(Tensor().shape(), Shape({0}));
  EXPECT_EQ(Tensor().bytes(), 0u);
}

TEST(Tensor, HoldsTheValuesItIsMadeOf) {
  const Tensor tensor = Tensor::of<std::int32_t>({2, 2}, std::vector<std::int32_t>{1, 2, 3, 4});
  EXPECT_EQ(tensor.dtype(), DType::int32);
  EXPECT_THAT(tensor.as<std::int32_t>(), ElementsAre(1, 2, 3, 4));
}

TEST(Tensor, HasOneElementWithoutAxes) { EXPECT_EQ(Tensor(Shape(), DType::float64).bytes(), 8u); }

TEST(Tensor, RefusesToBeSeenAsAnotherType) {
  const Tensor tensor({2}, DType::float32);
  EXPECT_THAT(error_of([&] { tensor.as<double>(); }), HasSubstr("tensor [2]: expected float64, received float32"));
}

TEST(Tensor, ClonesIntoMemoryOfItsOwn) {
  Tensor original = counted({3});
  const Tensor clone = original.clone();
  original.as<float>()[0] = 9;
  EXPECT_THAT(clone.as<float>(), ElementsAre(0, 1, 2));
}

TEST(Tensor, RefusesMoreThanTheSystemGives) { EXPECT_THROW(Tensor({std::int64_t{1} << 60}, DType::float32), Error); }

TEST(TensorView, SeesRowsInPlace) {
  const Tensor tensor = counted({4, 2});
  const TensorView rows = tensor.view().rows(1, 3);
  EXPECT_EQ(rows.shape, Shape({2, 2}));
  EXPECT_THAT(rows.as<float>(), ElementsAre(2, 3, 4, 5));
}

TEST(TensorView, SeesNoRowsAsAnEmptyView) {
  const Tensor tensor = counted({4, 2});
  EXPECT_EQ(tensor.view().rows(2, 2).bytes(), 0u);
}

TEST(TensorView, RefusesRowsOutside) {
  const Tensor tensor = counted({4, 2});
  EXPECT_THAT(error_of([&] { tensor.view().rows(2, 5); }), HasSubstr("received [2:5]"));
  EXPECT_THROW(tensor.view().rows(-1, 2), Error);
  EXPECT_THROW(tensor.view().rows(3, 2), Error);
  EXPECT_THROW(Tensor(Shape(), DType::float32).view().rows(0, 1), Error);
}

TEST(TensorView, ChangesItsShapeInPlace) {
  const Tensor tensor = counted({4, 2});
  const TensorView other = tensor.view().reshaped({2, 1, 4});
  EXPECT_EQ(other.shape, Shape({2, 1, 4}));
  EXPECT_EQ(other.data, tensor.data());
}

TEST(TensorView, RefusesAShapeOfAnotherSize) {
  const Tensor tensor = counted({4, 2});
  EXPECT_THAT(error_of([&] { tensor.view().reshaped({3, 3}); }), HasSubstr("8 elements as in [4, 2], received [3, 3]"));
}

TEST(Converted, KeepsValuesAndShape) {
  const Tensor bytes = Tensor::of<std::uint8_t>({1, 3}, std::vector<std::uint8_t>{0, 128, 255});
  const Tensor floats = converted(bytes, DType::float32);
  EXPECT_EQ(floats.shape(), Shape({1, 3}));
  EXPECT_THAT(floats.as<float>(), ElementsAre(0, 128, 255));
}

TEST(Converted, TruncatesFloatsTowardsZero) {
  const Tensor floats = Tensor::of<float>({3}, std::vector<float>{1.75f, -1.75f, 0.5f});
  EXPECT_THAT(converted(floats, DType::int64).as<std::int64_t>(), ElementsAre(1, -1, 0));
}

TEST(Converted, MakesOfWhatAnIntegerCannotHoldItsNearest) {
  const Tensor floats = Tensor::of<float>({5}, std::vector<float>{NAN, INFINITY, -INFINITY, 3e9f, -3.f});
  EXPECT_THAT(converted(floats, DType::int32).as<std::int32_t>(), ElementsAre(0, INT32_MAX, INT32_MIN, INT32_MAX, -3));
  EXPECT_THAT(converted(floats, DType::uint8).as<std::uint8_t>(), ElementsAre(0, 255, 0, 255, 0));
}

TEST(Converted, ReachesEveryTypeFromEveryType) {
  const std::vector<DType> all = {DType::float32, DType::float64, DType::uint8, DType::int32, DType::int64};
  const Tensor source = Tensor::of<std::int32_t>({2}, std::vector<std::int32_t>{0, 100});
  for (const DType from : all)
    for (const DType to : all) {
      const Tensor there = converted(converted(source, from), to);
      EXPECT_EQ(there.dtype(), to);
      EXPECT_THAT(converted(there, DType::int32).as<std::int32_t>(), ElementsAre(0, 100));
    }
}

}  // namespace
}  // namespace evenkeel
