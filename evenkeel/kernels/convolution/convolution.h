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

// Convolution (cross-correlation, as everywhere in the field) of x [n, h, w, c] with a kernel [kernel_h, kernel_w,
// c / groups, filters] into y [n, oh, ow, filters]. Filter k reads the channels of group k / (filters / groups).
// Kernels are prepared once per shape and then called. A prepared kernel allocates nothing: it works in the scratch
// memory that it is given (aligned to kAlignment, `scratch_bytes` long). It must be called with the thread count bound
// (Threads::bind) that it was prepared with. A prepared kernel and its copies serve one caller at a time. T is float;
// or bfloat16, with sums and the kernel's gradient in float; or double, which only the reference serves.

namespace evenkeel::kernels {

template <class T>
struct PreparedForward {
  std::string name;  ///< the implementation chosen, for `plan`
  std::size_t scratch_bytes = 0;
  /// y = f(x * kernel + bias); bias is [filters] if prepared with bias, else nullptr.
  std::function<void(const T* x, const T* kernel, const Precise<T>* bias, T* y, std::byte* scratch)> run;
  /// If it works on a copy of the kernel in another layout: makes it, for several runs with the same kernel.
  std::function<void(const T* kernel, std::byte* packed, std::byte* scratch)> pack = {};
  std::size_t packed_bytes = 0;
  /// The same as `run`, with that copy.
  std::function<void(const T* x, const std::byte* packed, const Precise<T>* bias, T* y, std::byte* scratch)>
      run_packed = {};
  bool finishes_in_a_pass = false;  ///< bias or activation are a pass over y of their own
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
  /// dkernel [kernel_h, kernel_w, c / groups, filters], overwritten (the bias's gradient is channel_sums(dy))
  std::function<void(const T* x, const T* dy, Precise<T>* dkernel, std::byte* scratch)> run;
};

/// The first implementation that can serve the shape on this machine; the reference is the last of the list. `f` is the
/// activation that is fused into the convolution.
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
