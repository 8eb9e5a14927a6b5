#pragma once

#include <cstdint>

#include "evenkeel/kernels/matmul/gemm.h"

namespace evenkeel::kernels::reference {

/// What gemm computes, each element one sum in double. For T float and double.
template <class T>
void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const T* a,
          const T* b, T* c);

}  // namespace evenkeel::kernels::reference
