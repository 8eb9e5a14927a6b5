#include "evenkeel/kernels/matmul/gemm_reference.h"

namespace evenkeel::kernels::reference {

template <class T>
void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const T* a,
          const T* b, T* c) {
  const auto at = [](Transpose transpose, const T* matrix, std::int64_t rows, std::int64_t columns, std::int64_t i,
                     std::int64_t j) -> double {
    return transpose == Transpose::yes ? matrix[j * rows + i] : matrix[i * columns + j];
  };
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::int64_t l = 0; l < k; ++l) sum += at(transpose_a, a, m, k, i, l) * at(transpose_b, b, k, n, l, j);
      c[i * n + j] = static_cast<T>(sum);
    }
}

template void gemm(Transpose, Transpose, std::int64_t, std::int64_t, std::int64_t, const float*, const float*, float*);
template void gemm(Transpose, Transpose, std::int64_t, std::int64_t, std::int64_t, const double*, const double*,
                   double*);

}  // namespace evenkeel::kernels::reference
