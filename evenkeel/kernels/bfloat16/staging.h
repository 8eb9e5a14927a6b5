#pragma once

#include <cstddef>
#include <cstdint>

#include "evenkeel/kernels/elementwise/elementwise.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::kernels::widening {

/// Gives out scratch memory piece by piece: operands as floats first, then the scratch memory of the float kernel.
class Staging {
 public:
  Staging(std::byte* scratch, const Threads& threads) : free_(scratch), threads_(threads) {}

  static std::size_t bytes_for(std::int64_t elements) {
    return aligned_size(static_cast<std::size_t>(elements) * sizeof(float));
  }

  float* room(std::int64_t elements) {
    float* const here = reinterpret_cast<float*>(free_);
    free_ += bytes_for(elements);
    return here;
  }
  /// x as floats.
  const float* widened(const bfloat16* x, std::int64_t elements) {
    float* const to = room(elements);
    const auto n = static_cast<std::size_t>(elements);
    cast(std::span(x, n), std::span(to, n), threads_);
    return to;
  }
  void narrow(const float* y, bfloat16* to, std::int64_t elements) const {
    const auto n = static_cast<std::size_t>(elements);
    cast(std::span(y, n), std::span(to, n), threads_);
  }
  std::byte* rest() const { return free_; }

 private:
  std::byte* free_;
  Threads threads_;
};

}  // namespace evenkeel::kernels::widening
