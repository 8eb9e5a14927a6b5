#pragma once

#include <optional>

#include "evenkeel/kernels/bfloat16/packed_tiles.h"
#include "evenkeel/kernels/matmul/gemm.h"

namespace evenkeel::kernels::packed {

/// Products that are large enough to be worth packing, on a machine that can. Sums are float32, of products that are
/// exact.
std::optional<NarrowGemm> narrow_gemm(const NarrowProduct& product, const Machine& machine, const Threads& threads);

/// The same for any product.
NarrowGemm prepare_packed(const NarrowProduct& product, const Engine& engine, const Threads& threads);

}  // namespace evenkeel::kernels::packed
