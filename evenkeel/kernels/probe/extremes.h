#pragma once

#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/scratch.h"

namespace evenkeel::kernels {

/// Merges the smallest and the largest element of each column of x into those of `count` rows seen before this call.
/// Count 0 overwrites. NaN in a column stays its result. The caller then adds x.rows to its count.
template <class T = float>
void accumulate_extremes(InRows<T> x, double count, std::span<double> smallest, std::span<double> largest,
                         const Threads& threads, Scratch scratch = {});

}  // namespace evenkeel::kernels
