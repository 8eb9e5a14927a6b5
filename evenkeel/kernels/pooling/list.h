#pragma once

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/kernel.h"
#include "evenkeel/kernels/window.h"

// What the pooling family computes, as plain descriptions, and which kernel does it (list.cpp). Operands and outputs
// are those of the ops of the same names (program/ops/pooling.h).

namespace evenkeel::kernels {

struct MaxPool {
  Window window;
  Activation f = Activation::linear;  ///< of the maximum
};
struct MaxPoolGradient {
  Window window;
};
struct AveragePool {
  Window window;
};
struct AveragePoolGradient {
  Window window;
};
Kernel choose(const MaxPool&, const KernelRequest&);
Kernel choose(const MaxPoolGradient&, const KernelRequest&);
Kernel choose(const AveragePool&, const KernelRequest&);
Kernel choose(const AveragePoolGradient&, const KernelRequest&);

}  // namespace evenkeel::kernels
