#pragma once

#include <optional>

#include "evenkeel/kernels/convolution/convolution.h"

// Convolution in bfloat16 by the float kernels, for every shape and machine. Operands are widened into scratch memory a
// few images at a time, so that the floats stay in caches. Sums are never rounded to bfloat16.

namespace evenkeel::kernels::widening {

std::optional<PreparedForward<bfloat16>> convolution(const Window& window, std::int64_t filters, bool bias,
                                                     Activation f, const Machine& machine, const Threads& threads);
std::optional<PreparedDataGradient<bfloat16>> convolution_data_gradient(const Window& window, std::int64_t filters,
                                                                        const Machine& machine, const Threads& threads);
std::optional<PreparedKernelGradient<bfloat16>> convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                                            const Machine& machine,
                                                                            const Threads& threads);

}  // namespace evenkeel::kernels::widening
