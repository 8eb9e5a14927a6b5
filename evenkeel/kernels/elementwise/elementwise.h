#pragma once

#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/scratch.h"
#include "evenkeel/tensor/bfloat16.h"

namespace evenkeel::kernels {

// Unless stated otherwise, all of these may write over any of their inputs of the same type. They read and write each
// element once.

/// y = f(a + b)
template <class T = float>
void add(In<T> a, In<T> b, Activation f, Out<T> y, const Threads& threads);
/// y = a - b
void subtract(std::span<const float> a, std::span<const float> b, std::span<float> y, const Threads& threads);
/// y = a * b
void multiply(std::span<const float> a, std::span<const float> b, std::span<float> y, const Threads& threads);
/// y = scale * x + offset
template <class T = float>
void scale_offset(In<T> x, float scale, float offset, Out<T> y, const Threads& threads);
void scale_offset(std::span<const float> x, float scale, float offset, std::span<bfloat16> y, const Threads& threads);
/// y = x in another type: rounded to the nearest, or exact. No overlap.
void cast(std::span<const float> x, std::span<bfloat16> y, const Threads& threads);
void cast(std::span<const bfloat16> x, std::span<float> y, const Threads& threads);
/// y = 1 / sqrt(x + epsilon), to full precision (no rsqrt estimate); NaN where that sum is not above 0
void rsqrt(std::span<const float> x, float epsilon, std::span<float> y, const Threads& threads);
/// Each row of y = f(that row of x plus bias [columns]).
template <class T = float>
void add_bias(InRows<T> x, std::span<const float> bias, Activation f, OutRows<T> y, const Threads& threads,
              Scratch scratch = {});
/// Its gradient: dx = dy * f'(.), with f' computed from y, and dbias [columns] = the sum of each column of dx before
/// rounding to T. dx may be the memory of y or dy. Sums are as exact as channel_sums of batch_norm.h.
template <class T = float>
void add_bias_gradient(Activation f, InRows<T> y, InRows<T> dy, OutRows<T> dx, std::span<float> dbias,
                       const Threads& threads, Scratch scratch = {});
/// Copies x [rows, columns] into columns [at, at + x.columns) of y (concatenation). No overlap.
template <class T = float>
void copy_columns_in(InRows<T> x, OutRows<T> y, std::int64_t at, const Threads& threads);
/// Copies columns [at, at + y.columns) of x into y (the gradient of concatenation). No overlap.
template <class T = float>
void copy_columns_out(InRows<T> x, std::int64_t at, OutRows<T> y, const Threads& threads);

}  // namespace evenkeel::kernels
