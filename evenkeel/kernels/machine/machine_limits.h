#pragma once

#include "evenkeel/base/threads.h"

// What no kernel can pass, measured here and now: a virtual machine's neighbours and its clock move both.

namespace evenkeel::kernels {

/// Single-precision GFLOP/s that these threads reach in registers alone, with the widest multiply-add there is: the
/// best of five runs, 0.3 s in all.
double fma_gflops(const Threads& threads);

/// GB/s (read and written) at which these threads copy memory that no cache holds: the best of five copies.
double copy_gbytes_per_s(const Threads& threads);

}  // namespace evenkeel::kernels
