#pragma once

#include <optional>

#include "evenkeel/kernels/matmul/gemm.h"

namespace evenkeel::kernels::widening {

/// kernels::gemm on operands widened into scratch memory. Serves every shape and machine, but is slower than float.
std::optional<NarrowGemm> narrow_gemm(const NarrowProduct& product, const Machine& machine, const Threads& threads);

}  // namespace evenkeel::kernels::widening
