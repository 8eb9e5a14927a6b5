#pragma once

#include <optional>

#include "evenkeel/kernels/convolution/convolution.h"

namespace evenkeel::kernels::tiled {

/// The kernel's gradient with register tiles: each is a few channels of a tap times 16 filters, summed over the pixels
/// of a block. Sums of a block are float; the blocks follow each other in the order of the images, so the bits do not
/// depend on the number of threads.
std::optional<PreparedKernelGradient<float>> convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                                         const Machine& machine,
                                                                         const Threads& threads);

/// The same for any window without groups, on any processor.
PreparedKernelGradient<float> prepare_kernel_gradient(const Window& window, std::int64_t filters,
                                                      const Threads& threads);

}  // namespace evenkeel::kernels::tiled
