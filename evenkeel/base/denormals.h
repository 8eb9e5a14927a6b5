#pragma once

#include "evenkeel/base/threads.h"

namespace evenkeel {

/// While it lives, on the calling thread and its pool, numbers too small to be normal (below 1.2e-38 in float32) count
/// as 0, as operands and as results. Processors take tens of cycles more for each, and gradients that vanish are full
/// of them. Afterwards all these threads are as the calling one was. Without effect where the processor has no such
/// mode.
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
