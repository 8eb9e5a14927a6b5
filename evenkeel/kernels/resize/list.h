#pragma once

#include "evenkeel/kernels/kernel.h"
#include "evenkeel/kernels/resize/resample.h"

// What the resize family computes, as plain descriptions, and which kernel does it (list.cpp). Operands and outputs are
// those of the op of the same name (program/ops/resample.h).

namespace evenkeel::kernels {

struct Resample : Resampling {};
Kernel choose(const Resample&, const KernelRequest&);

}  // namespace evenkeel::kernels
