#pragma once

#include <optional>

#include "evenkeel/kernels/convolution/convolution.h"

namespace evenkeel::kernels::packed {

/// For images and windows that fill tiles, on a machine that has them or dot products. x may hold NaN only where it may
/// go: a tile's empty places are zeros.
std::optional<PreparedKernelGradient<bfloat16>> convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                                            const Machine& machine,
                                                                            const Threads& threads);

}  // namespace evenkeel::kernels::packed
