#pragma once

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/elementwise/elementwise.h"

namespace evenkeel::kernels::product {

/// y = f(y + bias) in place; bias may be nullptr.
inline void finish(Matrix<float> y, const float* bias, Activation f, const Threads& threads) {
  const std::span<float> values(y.data, static_cast<std::size_t>(y.size()));
  if (bias)
    add_bias(y, {bias, static_cast<std::size_t>(y.columns)}, f, y, threads);
  else
    activate(f, values, values, threads);
}

}  // namespace evenkeel::kernels::product
