#pragma once

#include <cstdint>
#include <optional>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/scratch.h"
#include "evenkeel/tensor/shape.h"

namespace evenkeel::kernels {

/// How the numbers of two operands become one.
enum class Combination {
  sum,
  difference,
  product,
  maximum,  ///< where they are equal, the gradient is a's, as in TensorFlow
  minimum,
  slope,  ///< a where a > 0, else a b: a PReLU
};

/// A large operand [outer, middle, inner], and a small one [outer, 1, inner] that is repeated along the middle.
struct Repetition {
  std::int64_t outer = 1, middle = 1, inner = 1;

  std::int64_t large() const { return outer * middle * inner; }
  std::int64_t small() const { return outer * inner; }
};

/// Of two shapes with as many axes, where `small` has 1 on adjacent axes on which `large` has more, and is equal to it
/// on all others (an axis on which both have 1 counts as either). Nothing for other shapes.
std::optional<Repetition> repetition_of(const Shape& large, const Shape& small);

/// y = a . b, element-wise, with a and y [outer, middle, inner] and b [outer, inner]. y may be a's memory, or b's where
/// middle is 1. NaN in, NaN out.
template <class T = float>
void combine(Combination how, const Repetition& over, In<T> a, In<T> b, Out<T> y, const Threads& threads,
             Scratch scratch = {});

/// Its gradients in one pass: da like a, and db [outer, inner], the sum over the middle. Sums are as exact as
/// channel_sums of batch_norm.h. da may be the memory of a or dy. Deterministic for a thread count.
template <class T = float>
void combine_gradient(Combination how, const Repetition& over, In<T> a, In<T> b, In<T> dy, Out<T> da, Out<T> db,
                      const Threads& threads, Scratch scratch = {});
/// The same with db in float, for a parameter.
template <class T = float>
void combine_gradient_precise(Combination how, const Repetition& over, In<T> a, In<T> b, In<T> dy, Out<T> da,
                              std::span<float> db, const Threads& threads, Scratch scratch = {});

/// Bytes of scratch memory that each of them needs, and for one outer index.
std::size_t combine_row_bytes(std::int64_t inner, const Threads& threads);
std::size_t combine_bytes(const Repetition& over, const Threads& threads);

}  // namespace evenkeel::kernels
