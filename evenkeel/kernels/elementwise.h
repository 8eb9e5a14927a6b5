#pragma once

#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/activation.h"
#include "evenkeel/kernels/matrix.h"

namespace evenkeel::kernels {

// All of these may write over any of their inputs unless said otherwise, and read and write each element once.

/// y = a + b
void add(std::span<const float> a, std::span<const float> b, std::span<float> y, const Threads& threads);
/// y = a - b
void subtract(std::span<const float> a, std::span<const float> b, std::span<float> y, const Threads& threads);
/// y = a * b
void multiply(std::span<const float> a, std::span<const float> b, std::span<float> y, const Threads& threads);
/// y = scale * x + offset
void scale_offset(std::span<const float> x, float scale, float offset, std::span<float> y, const Threads& threads);
/// y = 1 / sqrt(x + epsilon), to full precision (no rsqrt estimate)
void rsqrt(std::span<const float> x, float epsilon, std::span<float> y, const Threads& threads);
/// Each row of y = f(that row of x plus bias [columns]).
void add_bias(Matrix<const float> x, std::span<const float> bias, Activation f, Matrix<float> y,
              const Threads& threads);
/// Its gradient: dx = dy * f'(.), f' computed from y, and dbias [columns] = the sum of each column of dx. dx may be y's
/// or dy's memory. Sums as channel_sums of batch_norm.h.
void add_bias_gradient(Activation f, Matrix<const float> y, Matrix<const float> dy, Matrix<float> dx,
                       std::span<float> dbias, const Threads& threads);
/// Copies x [rows, columns] into columns [at, at + x.columns) of y (concatenation). No overlap.
void copy_columns_in(Matrix<const float> x, Matrix<float> y, std::int64_t at, const Threads& threads);
/// Copies columns [at, at + y.columns) of x into y (the gradient of concatenation). No overlap.
void copy_columns_out(Matrix<const float> x, std::int64_t at, Matrix<float> y, const Threads& threads);

}  // namespace evenkeel::kernels
