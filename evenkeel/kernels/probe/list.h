#pragma once

#include "evenkeel/kernels/kernel.h"

// What the probe family computes, and which kernel does it (list.cpp). Operands are those of the ops of the same names
// (program/ops/probes.h).

namespace evenkeel::kernels {

struct AccumulateMoments {};
struct AccumulateExtremes {};
Kernel choose(const AccumulateMoments&, const KernelRequest&);
Kernel choose(const AccumulateExtremes&, const KernelRequest&);

}  // namespace evenkeel::kernels
