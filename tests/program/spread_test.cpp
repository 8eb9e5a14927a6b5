#include "evenkeel/program/passes/spread.h"

#include <gtest/gtest.h>

#include <cstring>

#include "evenkeel/program/executor.h"
#include "evenkeel/program/finish.h"
#include "evenkeel/program/ops/dropout.h"
#include "evenkeel/program/ops/uout.h"

namespace evenkeel {
namespace {

/// What the op makes of rows [first, first + n) of x [rows, ...].
std::vector<std::byte> made(const std::shared_ptr<const Op>& op, const Tensor& x, std::int64_t first, std::int64_t n) {
  Program program(x.dtype());
  const TensorView part = x.view().rows(first, first + n);
  const Value input = program.input("x", part.shape, part.dtype);
  const Value output = program.emit_one(op, {input}, "y/y");
  program.keep(output);
  finish(program);
  Store store;
  Arena arena;
  Executor executor(program, store, arena, Threads(1));
  executor.bind("x", part);
  executor.run({.seed = 11, .step = 4, .modes = {LayerMode{}}});
  const TensorView y = executor.read("y/y");
  return {y.data, y.data + y.bytes()};
}

/// That parts of x, each beginning at its first sample, have the noise of the whole to the bit.
template <class O>
void expect_same_noise(const O& op, const Shape& shape, DType dtype) {
  Tensor x(shape, dtype);
  for (std::int64_t i = 0; i < shape.size(); ++i) {
    if (dtype == DType::float32) x.as<float>()[static_cast<std::size_t>(i)] = 1.0f + static_cast<float>(i);
    if (dtype == DType::float64) x.as<double>()[static_cast<std::size_t>(i)] = 1.0 + static_cast<double>(i);
  }
  const auto whole = made(std::make_shared<const O>(op), x, 0, shape[0]);
  for (const std::int64_t cut : {1, 2, 3, 5}) {
    auto parts = made(op.from_sample(0, shape), x, 0, cut);
    const auto rest = made(op.from_sample(cut, shape), x, cut, shape[0] - cut);
    parts.insert(parts.end(), rest.begin(), rest.end());
    ASSERT_EQ(parts.size(), whole.size());
    EXPECT_EQ(std::memcmp(parts.data(), whole.data(), whole.size()), 0)
        << op.kind() << " of " << to_string(shape) << " cut at " << cut;
  }
}

TEST(Spread, GivesThePartsOfABatchTheNoiseOfTheWhole) {
  for (const DType dtype : {DType::float32, DType::float64})
    for (const Shape& shape : {Shape{7, 5}, Shape{6, 3, 2, 5}, Shape{6, 1}, Shape{8, 64}, Shape{6, 33}}) {
      expect_same_noise(ops::Dropout(0, 0.4), shape, dtype);
      expect_same_noise(ops::GaussianDropout(0, 0.4), shape, dtype);
      expect_same_noise(ops::AffineDropout(0, 0.4, {.scale = 2, .offset = 1, .dropped = -1}), shape, dtype);
      expect_same_noise(ops::Uout(0, 0.3), shape, dtype);
      std::vector<std::int64_t> mask(static_cast<std::size_t>(shape.rank()), -1);
      expect_same_noise(ops::SharedDropout(0, 0.4, mask), shape, dtype);
      for (std::size_t axis = 1; axis + 1 < mask.size(); ++axis) mask[axis] = 1;
      expect_same_noise(ops::SharedDropout(0, 0.4, mask), shape, dtype);
      mask[0] = 1;
      expect_same_noise(ops::SharedDropout(0, 0.4, mask), shape, dtype);
    }
}

}  // namespace
}  // namespace evenkeel
