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
// T: float; bfloat16 with sums in fp32, where the gradient of the kernel is float too; double, by the reference alone.

namespace evenkeel::kernels {

template <class T>
struct PreparedForward {
  std::string name;  ///< the implementation chosen, for `plan`
  std::size_t scratch_bytes = 0;
  /// y = f(x * kernel + bias); bias [filters] or nullptr as prepared.
  std::function<void(const T* x, const T* kernel, const Precise<T>* bias, T* y, std::byte* scratch)> run;
};
template <class T>
struct PreparedDataGradient {
  std::string name;
  std::size_t scratch_bytes = 0;
  /// dx [n, h, w, c], overwritten
  std::function<void(const T* dy, const T* kernel, T* dx, std::byte* scratch)> run;
};
template <class T>
struct PreparedKernelGradient {
  std::string name;
  std::size_t scratch_bytes = 0;
  /// dkernel [kernel_h, kernel_w, c, filters], overwritten (the bias's gradient is channel_sums(dy))
  std::function<void(const T* x, const T* dy, Precise<T>* dkernel, std::byte* scratch)> run;
};

/// The first implementation that can serve the shape on this machine; the reference is the last of the list.
/// `f` is the activation fused behind the convolution.
template <class T = float>
PreparedForward<T> prepare_convolution(const Window& window, std::int64_t filters, bool bias, Activation f,
                                       const Machine& machine, const Threads& threads);
template <class T = float>
PreparedDataGradient<T> prepare_convolution_data_gradient(const Window& window, std::int64_t filters,
                                                          const Machine& machine, const Threads& threads);
template <class T = float>
PreparedKernelGradient<T> prepare_convolution_kernel_gradient(const Window& window, std::int64_t filters,
                                                              const Machine& machine, const Threads& threads);

}  // namespace evenkeel::kernels
