#pragma once

#include <span>

#include "evenkeel/kernels/matrix.h"

// What moments.h promises, computed in two passes. For T float and double.

namespace evenkeel::kernels::reference {

template <class T>
void accumulate_moments(Matrix<const T> x, double count, std::span<double> mean, std::span<double> m2);

}  // namespace evenkeel::kernels::reference
