#pragma once

#include <cstdint>

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/window.h"

// The definition of convolution: each element of a result is one sum in double, in the order of the indices. Any
// kernel, stride, padding, dilation, channels and groups. For T float, and double for float64 programs.

namespace evenkeel::kernels::reference {

/// y [n, oh, ow, filters] = f(x * kernel + bias); bias [filters] or nullptr.
template <class T>
void convolution(const Window& window, std::int64_t filters, const T* x, const T* kernel, const T* bias, Activation f,
                 T* y);

/// dx [n, h, w, c], overwritten; 0 for a pixel that is in no window.
template <class T>
void convolution_data_gradient(const Window& window, std::int64_t filters, const T* dy, const T* kernel, T* dx);

/// dkernel [kernel_h, kernel_w, c / groups, filters], overwritten.
template <class T>
void convolution_kernel_gradient(const Window& window, std::int64_t filters, const T* x, const T* dy, T* dkernel);

}  // namespace evenkeel::kernels::reference
