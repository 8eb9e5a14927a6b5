#pragma once

#include <optional>

#include "evenkeel/kernels/convolution/list.h"

namespace evenkeel::kernels::tiled {

/// A 1x1 convolution of floats with bias, addend and activation in one pass: each tile of sums is finished while it is
/// in registers. Nothing where oneDNN's product is faster, or not known to be slower: with whole AVX-512 units, and for
/// few pixels (docs/kernels/tiles.md).
std::optional<Kernel> pointwise(const Convolution& task, const KernelRequest& request);

}  // namespace evenkeel::kernels::tiled
