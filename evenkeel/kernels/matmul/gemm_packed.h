#pragma once

#include <optional>

#include "evenkeel/kernels/bfloat16/packed_tiles.h"
#include "evenkeel/kernels/matmul/gemm.h"

namespace evenkeel::kernels::packed {

/// For products that are large enough to be worth packing, on a machine with tiles or dot products of bfloat16. Sums
/// are float32; products are exact.
std::optional<NarrowGemm> narrow_gemm(const NarrowProduct& product, const Machine& machine, const Threads& threads);

/// The same for any product.
NarrowGemm prepare_packed(const NarrowProduct& product, const Engine& engine, const Threads& threads);

}  // namespace evenkeel::kernels::packed
