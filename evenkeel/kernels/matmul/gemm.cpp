#include "evenkeel/kernels/matmul/gemm.h"

#include <algorithm>

#include "evenkeel/kernels/matmul/gemm_onednn.h"

namespace evenkeel::kernels {

void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          const float* b, float* c, const Threads& threads) {
  if (m == 0 || n == 0) return;
  if (k == 0) {  // oneDNN refuses rows without elements
    std::fill_n(c, m * n, 0.0f);
    return;
  }
  threads.bind();
  onednn::gemm(transpose_a, transpose_b, m, n, k, a, b, c);
}

}  // namespace evenkeel::kernels
