#pragma once

#include "evenkeel/base/threads.h"

namespace evenkeel {

/// While an object lives, numbers too small to be normal (below 1.2e-38 in float32) count as 0, as operands and as
/// results, on the calling thread and its pool. Processors take tens of cycles more for each of them, and vanishing
/// gradients are full of them. The destructor sets all these threads to the mode that the calling thread had before.
/// Without effect where the processor has no such mode.
class DenormalsAsZero {
 public:
  explicit DenormalsAsZero(const Threads& threads);
  ~DenormalsAsZero();
  DenormalsAsZero(const DenormalsAsZero&) = delete;
  DenormalsAsZero& operator=(const DenormalsAsZero&) = delete;

 private:
  Threads threads_;
  unsigned before_;
};

}  // namespace evenkeel
