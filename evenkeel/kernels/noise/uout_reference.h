#pragma once

#include <span>

#include "evenkeel/base/philox.h"

// What uout.h promises, computed in double. For T float and double.

namespace evenkeel::kernels::reference {

template <class T>
void uout(std::span<const T> x, double beta, const RandomKey& key, std::span<T> y, std::int64_t first = 0);

}  // namespace evenkeel::kernels::reference
