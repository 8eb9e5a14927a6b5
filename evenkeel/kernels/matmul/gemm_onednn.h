#pragma once

#include <cstdint>
#include <optional>

#include "evenkeel/kernels/matmul/gemm.h"

namespace evenkeel::kernels::onednn {

/// kernels::gemm by oneDNN's gemm, with the thread count that is bound.
void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          const float* b, float* c);

/// By oneDNN's matmul, without a change of layout (with the layouts that oneDNN prefers, copies make large matrices
/// several times slower). Nothing if the machine lacks instructions for bfloat16.
std::optional<NarrowGemm> narrow_gemm(const NarrowProduct& product, const Machine& machine, const Threads& threads);

}  // namespace evenkeel::kernels::onednn
