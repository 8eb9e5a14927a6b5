#pragma once

#include <cstdint>
#include <string>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// Computes Dataset::fingerprint() of samples that come piece by piece.
class RunningFingerprint {
 public:
  void add(TensorView samples);
  /// The result, given the shape of x [N, ...], its type, and y, which may be empty.
  std::string text(const Shape& x, DType dtype, TensorView y) const;

 private:
  std::uint32_t crc_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace evenkeel
