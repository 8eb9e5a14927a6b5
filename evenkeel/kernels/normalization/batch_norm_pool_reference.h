#pragma once

#include <span>

#include "evenkeel/kernels/normalization/batch_norm_pool.h"

// What batch_norm_pool.h promises, computed in double. For T float and double.

namespace evenkeel::kernels::reference {

template <class T>
void batch_norm_pool(const PooledNormalization<T>& of, std::span<const T> x, std::span<T> y);

template <class T>
void batch_norm_pool_sums(const PooledNormalization<T>& of, std::span<const T> x, std::span<const T> y,
                          std::span<const T> dy, std::span<const T> mean, std::span<const T> inv_std,
                          std::span<T> dgamma, std::span<T> dbeta);

template <class T>
void batch_norm_pool_data_gradient(const PooledNormalization<T>& of, std::span<const T> x, std::span<const T> y,
                                   std::span<const T> dy, std::span<const T> mean, std::span<const T> a,
                                   std::span<const T> b, std::span<const T> c0, std::span<T> dx);

}  // namespace evenkeel::kernels::reference
