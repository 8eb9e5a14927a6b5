#pragma once

#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/elementwise/elementwise.h"
#include "evenkeel/kernels/simd/columns_scratch.h"

namespace evenkeel::kernels::as_matmul {

/// y = f(y + bias) in place; bias may be nullptr. Takes finish_bytes of scratch memory.
inline std::size_t finish_bytes(std::int64_t columns) { return repeat_bytes(1, columns); }
inline void finish(Matrix<float> y, const float* bias, Activation f, const Threads& threads, std::byte* scratch) {
  const std::span<float> values(y.data, static_cast<std::size_t>(y.size()));
  if (bias)
    add_bias(y, {bias, static_cast<std::size_t>(y.columns)}, f, y, threads, {scratch, finish_bytes(y.columns)});
  else
    activate(f, values, values, threads);
}

}  // namespace evenkeel::kernels::as_matmul
