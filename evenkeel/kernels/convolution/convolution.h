#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "evenkeel/base/cpu.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/window.h"
#include "evenkeel/tensor/bfloat16.h"

// Convolution (cross-correlation, as everywhere in the field) of x [n, h, w, c] with a kernel
// [kernel_h, kernel_w, c, filters] into y [n, oh, ow, filters].
// Kernels are prepared once per shape and then called; a prepared one allocates nothing of its own: it works in the
// scratch memory (aligned to kAlignment, `scratch_bytes` long) it is given. The thread count it was prepared with must
// be the one bound when it is called (Threads::bind). A prepared kernel and its copies serve one caller at a time.
// T: float, or bfloat16 with sums in fp32, where the gradient of the kernel is float too.

namespace evenkeel::kernels {

template <class T>
struct ConvolutionForwardOf {
  std::string name;  ///< the implementation chosen, for `plan`
  std::size_t scratch_bytes = 0;
  /// y = f(x * kernel + bias); bias [filters] or nullptr as prepared.
  std::function<void(const T* x, const T* kernel, const float* bias, T* y, std::byte* scratch)> run;
};
template <class T>
struct ConvolutionDataGradientOf {
  std::string name;
  std::size_t scratch_bytes = 0;
  /// dx [n, h, w, c], overwritten
  std::function<void(const T* dy, const T* kernel, T* dx, std::byte* scratch)> run;
};
template <class T>
struct ConvolutionKernelGradientOf {
  std::string name;
  std::size_t scratch_bytes = 0;
  /// dkernel [kernel_h, kernel_w, c, filters], overwritten (the bias's gradient is channel_sums(dy))
  std::function<void(const T* x, const T* dy, float* dkernel, std::byte* scratch)> run;
};
using ConvolutionForward = ConvolutionForwardOf<float>;
using ConvolutionDataGradient = ConvolutionDataGradientOf<float>;
using ConvolutionKernelGradient = ConvolutionKernelGradientOf<float>;

/// The first implementation that can serve the shape on this machine; the reference is the last of the list.
/// `f` is the activation fused behind the convolution.
template <class T = float>
ConvolutionForwardOf<T> prepare_convolution(const Window& window, std::int64_t filters, bool bias, Activation f,
                                            const Machine& machine, const Threads& threads);
template <class T = float>
ConvolutionDataGradientOf<T> prepare_convolution_data_gradient(const Window& window, std::int64_t filters,
                                                               const Machine& machine, const Threads& threads);
template <class T = float>
ConvolutionKernelGradientOf<T> prepare_convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                                   const Machine& machine, const Threads& threads);

}  // namespace evenkeel::kernels
