#pragma once

#include <cstdint>
#include <span>

#include "evenkeel/kernels/matrix.h"

// What a normalization computes per channel: few numbers, in plain loops. T (float or double) is the type of the
// numbers that go in and come out.

namespace evenkeel::kernels {

/// to[c] = the sum over the rows of weights[row] * rows[row][c], in double.
template <class T>
void weighted_sum(Matrix<const T> rows, std::span<const double> weights, std::span<T> to);

/// 1 / sqrt(variance + epsilon), computed in double and rounded once; NaN if that sum is not above 0. May be the same
/// memory.
template <class T>
void inverse_deviations(std::span<const T> variance, double epsilon, std::span<T> inverse);

/// moving = momentum * moving + (1 - momentum) * factor * batch
template <class T>
void follow(std::span<T> moving, std::span<const T> batch, double momentum, double factor);

/// r and d of batch renormalization (Ioffe 2017) within their limits.
struct RenormalizationLimits {
  double epsilon, r_max, d_max;
};
template <class T>
void renormalization(std::span<const T> mean, std::span<const T> variance, std::span<const T> moving_mean,
                     std::span<const T> moving_variance, const RenormalizationLimits& limits, std::span<T> r,
                     std::span<T> d);

/// x * scale + shift = gamma * (x - mean) * inv_std + beta. gamma and beta may be empty: 1 and 0.
template <class T>
void scale_and_shift(std::span<const T> gamma, std::span<const T> beta, std::span<const T> mean,
                     std::span<const T> inv_std, std::span<T> scale, std::span<T> shift);

/// a, b, c0 of batch_norm_data_gradient for statistics of `rows` rows of x. rows = 0 means given statistics, which do
/// not depend on x; then b and c0 are 0.
template <class T>
void data_gradient_coefficients(std::span<const T> gamma, std::span<const T> inv_std, std::span<const T> dgamma,
                                std::span<const T> dbeta, std::int64_t rows, std::span<T> a, std::span<T> b,
                                std::span<T> c0);

/// The same for the gradients of the mean and the variance of `rows` rows; either may be empty.
template <class T>
void moments_gradient_coefficients(std::span<const T> dmean, std::span<const T> dvariance, std::int64_t rows,
                                   std::span<T> a, std::span<T> b, std::span<T> c0);

}  // namespace evenkeel::kernels
