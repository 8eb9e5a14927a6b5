#pragma once

#include <cstdint>

#include "evenkeel/base/threads.h"

namespace evenkeel::kernels {

enum class Transpose : bool { no, yes };

/// c [m, n] = op(a) op(b), row-major and dense; op(a) is [m, k], op(b) [k, n]. c is overwritten and may not overlap.
/// Stored as a [m, k] or, transposed, [k, m]; b [k, n] or [n, k]. fp32 accumulation.
void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          const float* b, float* c, const Threads& threads);

}  // namespace evenkeel::kernels
