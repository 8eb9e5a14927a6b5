#pragma once

#include <cstdint>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/elementwise/activation.h"

// c = f(a b + bias + addend) in one pass over a and c: sums stay in registers until they are finished. For many rows
// and few columns, as 1x1 convolutions have them. b is packed before, once for several products
// (docs/kernels/tiles.md).

namespace evenkeel::kernels::tiles {

/// a [rows, depth] and c [rows, columns] without gaps, which must not overlap.
struct FinishedProduct {
  std::int64_t rows = 0, depth = 0, columns = 0;
  const float* a = nullptr;
  const float* packed = nullptr;  ///< b, as pack_columns leaves it
  const float* bias = nullptr;    ///< [columns] or nullptr
  const float* addend = nullptr;  ///< [rows, columns] or nullptr
  Activation f = Activation::linear;
  float* c = nullptr;
};
void multiply_and_finish(const FinishedProduct& product, const Threads& threads);

/// The numbers of the packed form of b [depth, columns], on any processor.
std::int64_t packed_numbers(std::int64_t depth, std::int64_t columns);
void pack_columns(const float* b, std::int64_t depth, std::int64_t columns, float* packed, const Threads& threads);

}  // namespace evenkeel::kernels::tiles
