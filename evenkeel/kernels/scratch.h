#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel::kernels {

/// Memory that one call of a kernel works in, given out piece by piece, uninitialized. Within a program it is planned:
/// it is a part of the arena, with the size that the family's list states. A default-constructed Scratch allocates
/// memory of its own, for calls from outside a program.
class Scratch {
 public:
  Scratch() = default;
  Scratch(std::byte* memory, std::size_t bytes) : free_(memory), left_(bytes), planned_(true) {}

  /// n elements, aligned to kAlignment. Throws Error where less was planned.
  template <class T>
  T* take(std::int64_t n) {
    return reinterpret_cast<T*>(take_bytes(static_cast<std::size_t>(n) * sizeof(T)));
  }
  /// What is left, for a call within this one. After that call it may be used again.
  Scratch rest() const { return planned_ ? Scratch(free_, left_) : Scratch(); }
  std::byte* data() const { return free_; }

 private:
  std::byte* take_bytes(std::size_t bytes);

  std::byte* free_ = nullptr;
  std::size_t left_ = 0;
  bool planned_ = false;
  std::vector<AlignedBuffer> own_;
};

/// The bytes that Scratch::take<T>(n) needs.
template <class T>
std::size_t scratch_of(std::int64_t n) {
  return aligned_size(static_cast<std::size_t>(n) * sizeof(T));
}

/// Scratch memory for each range of a parallel loop, taken before it begins.
class ScratchOfRanges {
 public:
  ScratchOfRanges(Scratch& scratch, std::size_t bytes, std::int64_t ranges)
      : bytes_(bytes), memory_(scratch.take<std::byte>(static_cast<std::int64_t>(bytes) * ranges)) {}
  Scratch of(std::int64_t range) const { return {memory_ + static_cast<std::size_t>(range) * bytes_, bytes_}; }

 private:
  std::size_t bytes_;
  std::byte* memory_;
};

}  // namespace evenkeel::kernels
