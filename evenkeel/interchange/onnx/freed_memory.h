#pragma once

#include <cstddef>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace evenkeel::interchange::onnx {

/// Tensors of a file are freed one by one while others, of other sizes, are made of them. The system's allocator keeps
/// what is freed between two that remain, and the next seldom fits: half the file more memory (measured with
/// ResNet-50). So it is told now and then to give it back.
class FreedMemory {
 public:
  void add(std::size_t bytes) {
    freed_ += bytes;
    if (freed_ < kMost) return;
    freed_ = 0;
#ifdef __GLIBC__
    malloc_trim(0);
#endif
  }

 private:
  static constexpr std::size_t kMost = std::size_t{8} << 20;
  std::size_t freed_ = 0;
};

}  // namespace evenkeel::interchange::onnx
