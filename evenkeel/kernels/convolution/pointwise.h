#pragma once

#include <optional>

#include "evenkeel/kernels/convolution/convolution.h"

// A 1x1 kernel without padding: one product of the pixels [n * oh * ow, c] with the kernel [c, filters]. With a stride,
// the pixels that are used are gathered first. (oneDNN 2.6's own strided 1x1 kernel gradient writes past its scratch
// memory: image 6x7, stride 2x1.)

namespace evenkeel::kernels::as_matmul {

/// Whether the window is such a product of all pixels as they lie: without a stride.
bool is_product_in_place(const Window& window);

std::optional<PreparedForward<float>> pointwise(const Window& window, std::int64_t filters, bool bias, Activation f,
                                                const Machine& machine, const Threads& threads);
std::optional<PreparedDataGradient<float>> pointwise_data_gradient(const Window& window, std::int64_t filters,
                                                                   const Machine& machine, const Threads& threads);
std::optional<PreparedKernelGradient<float>> pointwise_kernel_gradient(const Window& window, std::int64_t filters,
                                                                       const Machine& machine, const Threads& threads);

}  // namespace evenkeel::kernels::as_matmul
