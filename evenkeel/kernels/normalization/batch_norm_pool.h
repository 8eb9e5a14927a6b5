#pragma once

#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/scratch.h"
#include "evenkeel/kernels/window.h"
#include "evenkeel/tensor/bfloat16.h"

// Normalization, activation and max pooling in one: the normalized images, of the size of x, are never stored.
//   forward:   channel_moments of batch_norm.h (read x), batch_norm_pool (read x, write y)
//   backward:  batch_norm_pool_sums (read x, y, dy), batch_norm_pool_data_gradient (read x, y, dy, write dx)
// y and dy are of the pooled size. The place of each maximum is found again from x: no index workspace.
// docs/kernels/batch_norm_pool.md says why this is correct.

namespace evenkeel::kernels {

/// y [n, oh, ow, c] = max over the window of f(z), with z = x * scale[c] + shift[c] and x [n, h, w, c]. Windows must
/// not overlap: the strides are the kernel's size. f must be monotone, so f of the largest z is the maximum; if scale
/// is negative, the largest z is that of the smallest x. Of equal z the first in row-major order counts.
template <class S>
struct PooledNormalization {
  Window window;
  Activation f = Activation::linear;
  std::span<const S> scale, shift;
};

/// The most scratch memory that each of the three needs: a row of pooled numbers and sums per channel for each thread.
std::size_t batch_norm_pool_scratch(const Window& window, const Threads& threads);

/// Computes y as above. If a window has NaN, its y is NaN. Any c >= 1; y may not overlap x.
template <class T = float>
void batch_norm_pool(const PooledNormalization<float>& of, In<T> x, Out<T> y, const Threads& threads,
                     Scratch scratch = {});

/// With dz = dy * f'(.), f' computed from y, and x* the x of each maximum: dbeta[c] = sum dz, dgamma[c] = sum dz * (x*
/// - mean[c]) * inv_std[c]. y is not read when f is linear. Accumulated in blocks of fp32, then in double;
/// deterministic for a thread count. The gradient of a window with NaN is undefined.
template <class T = float>
void batch_norm_pool_sums(const PooledNormalization<float>& of, In<T> x, In<T> y, In<T> dy, std::span<const float> mean,
                          std::span<const float> inv_std, std::span<float> dgamma, std::span<float> dbeta,
                          const Threads& threads, Scratch scratch = {});

/// dx = b[c] * (x - mean[c]) + c0[c], plus a[c] * dz at each maximum; a, b and c0 as in batch_norm.h. dx may be x's
/// memory. y is not read when f is linear.
template <class T = float>
void batch_norm_pool_data_gradient(const PooledNormalization<float>& of, In<T> x, In<T> y, In<T> dy,
                                   std::span<const float> mean, std::span<const float> a, std::span<const float> b,
                                   std::span<const float> c0, Out<T> dx, const Threads& threads, Scratch scratch = {});

}  // namespace evenkeel::kernels
