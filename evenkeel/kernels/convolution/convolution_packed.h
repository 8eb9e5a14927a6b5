#pragma once

#include <optional>

#include "evenkeel/kernels/convolution/convolution.h"

namespace evenkeel::kernels::packed {

/// For images and windows that fill tiles, on a machine with tiles (AMX) or dot products (AVX-512 BF16) of bfloat16.
/// The empty places of a tile are zeros, so a NaN in x reaches only the gradients that it belongs to.
std::optional<PreparedKernelGradient<bfloat16>> convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                                            const Machine& machine,
                                                                            const Threads& threads);

}  // namespace evenkeel::kernels::packed
