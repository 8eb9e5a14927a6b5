#pragma once

#include <cstdint>

#include "evenkeel/kernels/kernel.h"
#include "evenkeel/kernels/noise/dropout.h"

// What the noise family computes, as plain descriptions, and which kernel does it (list.cpp): x [N, ...] disturbed
// where the layer's mode has dropout on, else y = x. Rates are float32 in both precisions, so that both have the same
// masks.

namespace evenkeel::kernels {

/// `layer` and the step choose the stream of random numbers; `first` is the element of the stream (of the mask) that x
/// begins with, where it is a part of a batch.
struct Dropout {
  std::uint32_t layer = 0;
  float rate = 0;
  std::int64_t first = 0;
};
struct SharedDropout {
  std::uint32_t layer = 0;
  float rate = 0;
  Shape x, mask;  ///< with as many axes; the mask has 1 where it is repeated
  std::int64_t first = 0;
};
struct GaussianDropout {
  std::uint32_t layer = 0;
  float deviation = 0;
  std::int64_t first = 0;
};
struct AffineDropout {
  std::uint32_t layer = 0;
  float rate = 0;
  KeptAndDropped outcome;
  std::int64_t first = 0;
};
struct Uout {
  std::uint32_t layer = 0;
  float beta = 0;
  std::int64_t first = 0;
};
Kernel choose(const Dropout&, const KernelRequest&);
Kernel choose(const SharedDropout&, const KernelRequest&);
Kernel choose(const GaussianDropout&, const KernelRequest&);
Kernel choose(const AffineDropout&, const KernelRequest&);
Kernel choose(const Uout&, const KernelRequest&);

}  // namespace evenkeel::kernels
