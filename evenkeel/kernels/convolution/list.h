#pragma once

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/kernel.h"
#include "evenkeel/kernels/window.h"

// What the convolution family computes, as plain descriptions, and which kernel does it (list.cpp). Operands and
// outputs are those of the ops of the same names (program/ops/convolution.h).

namespace evenkeel::kernels {

struct Convolution {
  Window window;
  Activation f = Activation::linear;  ///< of the sum with the addend, if there is one
};
struct ConvolutionDataGradient {
  Window window;
};
struct ConvolutionKernelGradient {
  Window window;
};
Kernel choose(const Convolution&, const KernelRequest&);
Kernel choose(const ConvolutionDataGradient&, const KernelRequest&);
Kernel choose(const ConvolutionKernelGradient&, const KernelRequest&);

}  // namespace evenkeel::kernels
