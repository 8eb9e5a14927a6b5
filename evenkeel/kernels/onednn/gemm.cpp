#include "evenkeel/kernels/onednn/gemm.h"

#include <oneapi/dnnl/dnnl.h>

#include <string>

#include "evenkeel/base/error.h"

namespace evenkeel::kernels::onednn {

void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          const float* b, float* c) {
  const bool ta = transpose_a == Transpose::yes;
  const bool tb = transpose_b == Transpose::yes;
  const dnnl_status_t status =
      dnnl_sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, 1.0f, a, ta ? m : k, b, tb ? k : n, 0.0f, c, n);
  if (status != dnnl_success)
    throw Error{{.where = "oneDNN", .received = "gemm failed with status " + std::to_string(status)}};
}

}  // namespace evenkeel::kernels::onednn
