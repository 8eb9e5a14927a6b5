#pragma once

#include <cstdint>

#include "evenkeel/base/cpu.h"
#include "evenkeel/kernels/gemm.h"
#include "evenkeel/tensor/bfloat16.h"

namespace evenkeel::kernels::blocks {

/// Whether a product of bfloat16 matrices is large enough to be worth packing, and the machine can.
bool serves(const Machine& machine, std::int64_t m, std::int64_t n, std::int64_t k);

/// kernels::gemm for bfloat16; C is bfloat16 or float. Sums are float32, of products that are exact.
template <class C>
void gemm(const Machine& machine, Transpose transpose_a, Transpose transpose_b, std::int64_t m, std::int64_t n,
          std::int64_t k, const bfloat16* a, const bfloat16* b, C* c, const Threads& threads);

}  // namespace evenkeel::kernels::blocks
