#include "evenkeel/kernels/scratch.h"

#include <string>

#include "evenkeel/base/error.h"

namespace evenkeel::kernels {

std::byte* Scratch::take_bytes(std::size_t bytes) {
  const std::size_t needed = aligned_size(bytes);
  if (!planned_) return own_.emplace_back(needed).data();
  if (needed > left_)
    throw Error{{.kind = Error::internal,
                 .where = "scratch memory",
                 .expected = "at least " + std::to_string(needed) + " bytes more",
                 .received = std::to_string(left_) + " planned"}};
  std::byte* const taken = free_;
  free_ += needed;
  left_ -= needed;
  return taken;
}

}  // namespace evenkeel::kernels
