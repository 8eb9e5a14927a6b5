#pragma once

#include <optional>

#include "evenkeel/kernels/convolution/convolution.h"

// A 1x1 kernel without padding: one product of the pixels [n * oh * ow, c] with the kernel [c, filters]. With a stride
// the pixels that are seen are gathered first. (oneDNN 2.6's own strided 1x1 kernel gradient writes past its
// scratch memory: image 6x7, stride 2x1.)

namespace evenkeel::kernels::product {

std::optional<ConvolutionForward> pointwise(const Window& window, std::int64_t filters, bool bias, Activation f,
                                            const Machine& machine, const Threads& threads);
std::optional<ConvolutionDataGradient> pointwise_data_gradient(const Window& window, std::int64_t filters,
                                                               const Machine& machine, const Threads& threads);
std::optional<ConvolutionKernelGradient> pointwise_kernel_gradient(const Window& window, std::int64_t filters,
                                                                   const Machine& machine, const Threads& threads);

}  // namespace evenkeel::kernels::product
