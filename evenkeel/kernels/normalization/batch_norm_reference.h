#pragma once

#include <span>

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/normalization/batch_norm.h"

// What batch_norm.h promises, computed in double. For T float and double.

namespace evenkeel::kernels::reference {

template <class T>
void channel_moments(Matrix<const T> x, std::span<T> mean, std::span<T> variance);

template <class T>
void channel_sums(Matrix<const T> x, std::span<T> sums);

template <class T>
void channel_products(Matrix<const T> a, Matrix<const T> b, std::span<T> sums);

template <class T>
void scale_shift(Matrix<const T> x, std::span<const T> scale, std::span<const T> shift, Activation f, Matrix<T> y);

template <class T>
void batch_norm_sums(Matrix<const T> x, Matrix<const T> y, Matrix<const T> dy, std::span<const T> mean,
                     std::span<const T> inv_std, Activation f, std::span<T> dgamma, std::span<T> dbeta,
                     ForwardScale<T> forward = {});

template <class T>
void batch_norm_data_gradient(Matrix<const T> x, Matrix<const T> y, Matrix<const T> dy, std::span<const T> mean,
                              std::span<const T> a, std::span<const T> b, std::span<const T> c0, Activation f,
                              Matrix<T> dx, ForwardScale<T> forward = {});

}  // namespace evenkeel::kernels::reference
