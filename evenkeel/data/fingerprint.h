#pragma once

#include <cstdint>
#include <string>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// What Dataset::fingerprint() says, of samples that come piece by piece.
class RunningFingerprint {
 public:
  void add(TensorView samples);
  /// With what the whole set is: the shape of x [N, ...], its type, and y, which may be empty.
  std::string text(const Shape& x, DType dtype, TensorView y) const;

 private:
  std::uint32_t crc_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace evenkeel
