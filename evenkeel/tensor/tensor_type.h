#pragma once

#include "evenkeel/tensor/dtype.h"
#include "evenkeel/tensor/shape.h"

namespace evenkeel {

/// A tensor's shape and the type of its elements.
struct TensorType {
  Shape shape;
  DType dtype = DType::float32;

  std::size_t bytes() const { return static_cast<std::size_t>(shape.size()) * size_of(dtype); }
  bool operator==(const TensorType&) const = default;
};

}  // namespace evenkeel
