#pragma once

#include <span>

#include "evenkeel/kernels/normalization/group_norm.h"

// What group_norm.h promises, computed in double. For T float and double.

namespace evenkeel::kernels::reference {

template <class T>
void group_norm(std::span<const T> x, const Grouping& grouping, double epsilon, std::span<const T> gamma,
                std::span<const T> beta, std::span<T> y, std::span<T> mean, std::span<T> inv_std);

template <class T>
void group_norm_gradient(std::span<const T> x, std::span<const T> dy, const Grouping& grouping,
                         std::span<const T> gamma, std::span<const T> mean, std::span<const T> inv_std, std::span<T> dx,
                         std::span<T> dgamma, std::span<T> dbeta);

}  // namespace evenkeel::kernels::reference
