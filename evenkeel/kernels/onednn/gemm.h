#pragma once

#include <cstdint>

#include "evenkeel/kernels/gemm.h"

namespace evenkeel::kernels::onednn {

/// kernels::gemm by oneDNN's own, with the thread count that is bound.
void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          const float* b, float* c);

}  // namespace evenkeel::kernels::onednn
