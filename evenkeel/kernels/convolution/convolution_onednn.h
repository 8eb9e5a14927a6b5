#pragma once

#include <optional>

#include "evenkeel/kernels/convolution/convolution.h"

// Convolution by oneDNN on dense NHWC activations. oneDNN chooses the kernel's layout; the kernel is reordered into
// scratch memory on every call (it changes with every training step), its gradient back. Nothing if oneDNN has no
// implementation for the shape. In bfloat16 also nothing if the machine lacks instructions for it, or the shape is
// faster with operands widened to float.

namespace evenkeel::kernels::onednn {

template <class T>
std::optional<PreparedForward<T>> convolution(const Window& window, std::int64_t filters, bool bias, Activation f,
                                              const Machine& machine, const Threads& threads);
template <class T>
std::optional<PreparedDataGradient<T>> convolution_data_gradient(const Window& window, std::int64_t filters,
                                                                 const Machine& machine, const Threads& threads);
template <class T>
std::optional<PreparedKernelGradient<T>> convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                                     const Machine& machine, const Threads& threads);

}  // namespace evenkeel::kernels::onednn
