#pragma once

#include <span>

#include "evenkeel/kernels/resize/resample.h"

// What resample.h promises, computed in double. For T float and double.

namespace evenkeel::kernels::reference {

template <class T>
void resample(const Resampling& map, std::span<const T> x, std::span<T> y);

}  // namespace evenkeel::kernels::reference
