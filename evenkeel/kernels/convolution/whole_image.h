#pragma once

#include <optional>

#include "evenkeel/kernels/convolution/convolution.h"

// A convolution whose windows all cover the whole image (1x1 and 2x2 images with a padded 3x3 kernel, or a kernel as
// large as the image) is a dense layer: x [n, h * w * c] times a matrix [h * w * c, oh * ow * filters] whose blocks are
// taps of the kernel. Taps that only read padding are left out, so nothing is multiplied by zero.

namespace evenkeel::kernels::as_matmul {

std::optional<PreparedForward<float>> whole_image(const Window& window, std::int64_t filters, bool bias, Activation f,
                                                  const Machine& machine, const Threads& threads);
std::optional<PreparedDataGradient<float>> whole_image_data_gradient(const Window& window, std::int64_t filters,
                                                                     const Machine& machine, const Threads& threads);
std::optional<PreparedKernelGradient<float>> whole_image_kernel_gradient(const Window& window, std::int64_t filters,
                                                                         const Machine& machine,
                                                                         const Threads& threads);

}  // namespace evenkeel::kernels::as_matmul
