#include "evenkeel/kernels/simd/scratch.h"

#include <array>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel::kernels {

std::byte* scratch_bytes(Scratch purpose, std::size_t bytes) {
  thread_local std::array<AlignedBuffer, kScratchKinds> buffers;
  AlignedBuffer& buffer = buffers[static_cast<std::size_t>(purpose)];
  if (buffer.size() < bytes) buffer = AlignedBuffer(bytes);
  return buffer.data();
}

}  // namespace evenkeel::kernels
