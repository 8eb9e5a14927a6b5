#pragma once

#include <optional>

#include "evenkeel/kernels/convolution/convolution.h"

// Depthwise convolution: every channel is a group of its own, with one filter (groups = c = filters). Channels lie side
// by side in vectors, so any kernel up to 32x32, stride, dilation and padding has the same loop: sums of rows of
// channels, each times a row of weights. Sums are float, also of bfloat16; the kernel's gradient adds up floats of at
// least 64 pixels, and those in double. Deterministic for a thread count.

namespace evenkeel::kernels::depthwise {

template <class T>
std::optional<PreparedForward<T>> convolution(const Window& window, std::int64_t filters, bool bias, Activation f,
                                              const Machine& machine, const Threads& threads);
template <class T>
std::optional<PreparedDataGradient<T>> convolution_data_gradient(const Window& window, std::int64_t filters,
                                                                 const Machine& machine, const Threads& threads);
template <class T>
std::optional<PreparedKernelGradient<T>> convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                                     const Machine& machine, const Threads& threads);

}  // namespace evenkeel::kernels::depthwise
