#pragma once

#include "evenkeel/base/threads.h"

// Upper limits of the speed of any kernel. They are measured, because the clock and other users of a shared machine
// change both.

namespace evenkeel::kernels {

/// Single-precision GFLOP/s that these threads reach on registers alone, with the widest multiply-add of the machine:
/// the best of five runs, 0.3 s in total.
double fma_gflops(const Threads& threads);

/// GB/s (read and written) at which these threads copy memory that is in no cache: the best of five copies.
double copy_gbytes_per_s(const Threads& threads);

}  // namespace evenkeel::kernels
