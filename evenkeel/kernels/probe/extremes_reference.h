#pragma once

#include <span>

#include "evenkeel/kernels/matrix.h"

// What extremes.h promises. For T float and double.

namespace evenkeel::kernels::reference {

template <class T>
void accumulate_extremes(Matrix<const T> x, double count, std::span<double> smallest, std::span<double> largest);

}  // namespace evenkeel::kernels::reference
