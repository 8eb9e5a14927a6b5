#pragma once

#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/scratch.h"

// Batch normalization with the activation after it, in four passes over memory:
//   forward:   channel_moments (read x), scale_shift (read x, write y)
//   backward:  batch_norm_sums (read x, y, dy), batch_norm_data_gradient (read x, y, dy, write dx)
// docs/kernels/batch_norm.md derives the gradient.

namespace evenkeel::kernels {

/// Mean and biased variance of each column of x [rows, channels]. Exact to 1e-6 sigma even where |mean| is 10^4 sigma
/// (shifted sums), and then rounded to float. channels >= 1, rows >= 1; x need not be aligned; mean and variance must
/// not overlap x. Deterministic for a thread count. If a column has NaN, both of its results are NaN.
template <class T = float>
void channel_moments(InRows<T> x, std::span<float> mean, std::span<float> variance, const Threads& threads,
                     Scratch scratch = {});

/// Sum of each column of x (the gradient of a bias). Accumulated in blocks of fp32, then in double.
template <class T = float>
void channel_sums(InRows<T> x, std::span<float> sums, const Threads& threads, Scratch scratch = {});

/// Sum of each column of a * b, element-wise.
template <class T = float>
void channel_products(InRows<T> a, InRows<T> b, std::span<float> sums, const Threads& threads, Scratch scratch = {});

/// y = f(x * scale[c] + shift[c]). May be the same memory.
template <class T = float>
void scale_shift(InRows<T> x, std::span<const float> scale, std::span<const float> shift, Activation f, OutRows<T> y,
                 const Threads& threads, Scratch scratch = {});

/// The forward's z = x * scale[c] + shift[c], from which a gradient takes f' if f is not monotone.
template <class S>
struct ForwardScale {
  std::span<const S> scale = {}, shift = {};
};

/// With dz = dy * f'(.), f' computed from y = f(z), or, if f is not monotone, from z found again (`forward`):
/// dbeta[c] = sum dz, dgamma[c] = sum dz * (x - mean[c]) * inv_std[c]. y is read only where
/// f' is computed from it, so not when f is linear.
template <class T = float>
void batch_norm_sums(InRows<T> x, InRows<T> y, InRows<T> dy, std::span<const float> mean,
                     std::span<const float> inv_std, Activation f, std::span<float> dgamma, std::span<float> dbeta,
                     const Threads& threads, Scratch scratch = {}, ForwardScale<float> forward = {});

/// dx = a[c] * dz + b[c] * (x - mean[c]) + c0[c], with dz as above. dx may be dy's memory. With statistics of the
/// batch: a = gamma * inv_std, b = -a * inv_std * dgamma / rows, c0 = -a * dbeta / rows; with given statistics b = c0 =
/// 0.
template <class T = float>
void batch_norm_data_gradient(InRows<T> x, InRows<T> y, InRows<T> dy, std::span<const float> mean,
                              std::span<const float> a, std::span<const float> b, std::span<const float> c0,
                              Activation f, OutRows<T> dx, const Threads& threads, Scratch scratch = {},
                              ForwardScale<float> forward = {});

}  // namespace evenkeel::kernels
