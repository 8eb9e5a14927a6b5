#pragma once

#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/tensor/shape.h"

namespace evenkeel::kernels {

/// The axes of x in another order: axis i of y is axis order[i] of x, which has this shape. Moves elements and rounds
/// nothing. `order` is a permutation of 0 to rank - 1, rank at least 1. No overlap. For T float, double and bfloat16.
template <class T>
void permute(std::span<const T> x, const Shape& shape, std::span<const int> order, std::span<T> y,
             const Threads& threads);

}  // namespace evenkeel::kernels
