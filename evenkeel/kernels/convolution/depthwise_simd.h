#pragma once

#include <span>

#include "evenkeel/kernels/convolution/depthwise_walk.h"
#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/scratch.h"

namespace evenkeel::kernels::depthwise {

/// The most taps of a kernel's height or width.
inline constexpr std::int64_t kMostTaps = 32;

/// y = f(x * kernel + bias) along the walk: forward, or the data gradient without bias and activation. bias: [c], or
/// nullptr. Overwrites y.
template <class T>
void convolve(const Walk& walk, const T* x, const T* kernel, const float* bias, Activation f, T* y,
              const Threads& threads, Scratch scratch);
/// For each thread the input rows of one output row, as floats; none for float without margins. For bfloat16 the kernel
/// and an output row as well.
template <class T>
std::size_t convolve_scratch(const Walk& walk, const Threads& threads);

/// dkernel [kernel_h, kernel_w, c] of a forward walk.
template <class T>
void correlate(const Walk& walk, const T* x, const T* dy, float* dkernel, const Threads& threads, Scratch scratch);
/// For each thread a float and a double for each weight, and rows as above.
template <class T>
std::size_t correlate_scratch(const Walk& walk, const Threads& threads);

}  // namespace evenkeel::kernels::depthwise
