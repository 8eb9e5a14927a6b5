#pragma once

#include <span>

#include "evenkeel/kernels/elementwise/combine.h"

// What combine.h promises, computed in double, and two tasks that are rare enough to need no other kernel. For T float,
// bfloat16 and double.

namespace evenkeel::kernels::reference {

template <class T>
void combine(Combination how, const Repetition& over, std::span<const T> a, std::span<const T> b, std::span<T> y);

template <class T>
void combine_gradient(Combination how, const Repetition& over, std::span<const T> a, std::span<const T> b,
                      std::span<const T> dy, std::span<T> da, std::span<T> db);

/// y [outer, middle, inner] = x [outer, inner], repeated.
template <class T>
void repeat(const Repetition& over, std::span<const T> x, std::span<T> y);

/// dx = the sum of dy over the middle.
template <class T>
void repeat_gradient(const Repetition& over, std::span<const T> dy, std::span<T> dx);

}  // namespace evenkeel::kernels::reference
