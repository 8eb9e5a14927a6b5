#include "evenkeel/kernels/matmul/gemm_widened.h"

#include "evenkeel/kernels/bfloat16/staging.h"

namespace evenkeel::kernels::widening {

std::optional<NarrowGemm> narrow_gemm(const NarrowProduct& product, const Machine&, const Threads& threads) {
  return NarrowGemm{.name = "sgemm, widened to float",
                    .scratch_bytes = Staging::bytes_for(product.m * product.k) +
                                     Staging::bytes_for(product.k * product.n) +
                                     (product.narrow_c ? Staging::bytes_for(product.m * product.n) : 0),
                    .run = [=, p = product](const bfloat16* a, const bfloat16* b, void* c, std::byte* scratch) {
                      Staging staging(scratch, threads);
                      const float *wide_a = staging.widened(a, p.m * p.k), *wide_b = staging.widened(b, p.k * p.n);
                      float* const wide_c = p.narrow_c ? staging.room(p.m * p.n) : static_cast<float*>(c);
                      gemm(p.transpose_a, p.transpose_b, p.m, p.n, p.k, wide_a, wide_b, wide_c, threads);
                      if (p.narrow_c) staging.narrow(wide_c, static_cast<bfloat16*>(c), p.m * p.n);
                    }};
}

}  // namespace evenkeel::kernels::widening
