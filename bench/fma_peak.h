#pragma once

#include "evenkeel/base/threads.h"

/// Single-precision GFLOP/s that these threads reach in registers alone: the limit no kernel can pass.
double fma_peak_gflops(const evenkeel::Threads& threads);
