#pragma once

#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/scratch.h"

namespace evenkeel::kernels {

/// Merges the moments of each column of x into running ones, in double: mean[c] and m2[c] = sum (x - mean)^2 over
/// `count` rows seen before this call (Chan et al. 1979). Count 0 overwrites. The caller then adds x.rows to its count.
template <class T = float>
void accumulate_moments(InRows<T> x, double count, std::span<double> mean, std::span<double> m2, const Threads& threads,
                        Scratch scratch = {});

}  // namespace evenkeel::kernels
