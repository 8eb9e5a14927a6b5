#pragma once

#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/tensor/shape.h"

namespace evenkeel::kernels {

/// The axes of x, which has the given shape, in another order: axis i of y is axis order[i] of x. `order` is a
/// permutation of 0 to rank - 1, with rank at least 1. No overlap. For T float, double and bfloat16.
template <class T>
void permute(std::span<const T> x, const Shape& shape, std::span<const int> order, std::span<T> y,
             const Threads& threads);

}  // namespace evenkeel::kernels
