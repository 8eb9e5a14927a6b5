#pragma once

#include <cstddef>
#include <cstdint>

namespace evenkeel::kernels {

/// What a piece of scratch memory is for. A call holds at most one of each.
enum class Scratch { coefficients, shift, block_sums, partial_sums, totals, rows };
inline constexpr std::size_t kScratchKinds = 6;

/// Uninitialized memory of the calling thread, aligned to kAlignment, until the next call with the same `purpose`.
/// It only grows: once a shape has been seen, that shape allocates nothing.
std::byte* scratch_bytes(Scratch purpose, std::size_t bytes);

template <class T>
T* scratch(Scratch purpose, std::int64_t n) {
  return reinterpret_cast<T*>(scratch_bytes(purpose, static_cast<std::size_t>(n) * sizeof(T)));
}

}  // namespace evenkeel::kernels
