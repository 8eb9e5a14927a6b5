#pragma once

#include <span>
#include <string>

#include "evenkeel/base/error.h"
#include "evenkeel/program/value.h"

namespace evenkeel::ops {

/// Throws Error "`what`: expected ..., received ..." unless the types are equal.
inline void require_same(const TensorType& expected, const TensorType& received, const char* what) {
  if (expected != received)
    throw Error{{.where = what, .expected = to_string(expected.shape), .received = to_string(received.shape)}};
}

/// Throws unless `x` has `rank` axes.
inline void require_rank(const TensorType& x, int rank, const char* what, const char* layout) {
  if (x.shape.rank() != rank) throw Error{{.where = what, .expected = layout, .received = to_string(x.shape)}};
}

/// Throws unless `vector` has one number per channel of x.
inline void require_per_channel(const TensorType& x, const TensorType& vector, const char* what) {
  if (vector.shape.rank() == 1 && vector.shape[0] == x.shape.back()) return;
  throw Error{{.where = what,
               .expected = "[" + std::to_string(x.shape.back()) + "], one number per channel of " + to_string(x.shape),
               .received = to_string(vector.shape)}};
}

}  // namespace evenkeel::ops
