#pragma once

#include <span>

#include "evenkeel/base/philox.h"

// What ../dropout.h promises, computed in double. For T float and double.

namespace evenkeel::kernels::reference {

/// The mask is that of the float32 kernel: `rate` is rounded to float for it.
template <class T>
void dropout(std::span<const T> x, double rate, const RandomKey& key, std::span<T> y);

}  // namespace evenkeel::kernels::reference
