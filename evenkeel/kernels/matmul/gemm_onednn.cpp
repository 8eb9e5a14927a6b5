#include "evenkeel/kernels/matmul/gemm_onednn.h"

#include <oneapi/dnnl/dnnl.h>

#include <memory>
#include <string>

#include "evenkeel/base/error.h"
#include "evenkeel/kernels/onednn/primitives.h"

namespace evenkeel::kernels::onednn {

void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          const float* b, float* c) {
  limit_instructions();
  const bool ta = transpose_a == Transpose::yes;
  const bool tb = transpose_b == Transpose::yes;
  const dnnl_status_t status =
      dnnl_sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, 1.0f, a, ta ? m : k, b, tb ? k : n, 0.0f, c, n);
  if (status != dnnl_success) throw failed("gemm", status);
}

namespace {

using dnnl::memory;

memory::desc matrix(std::int64_t rows, std::int64_t columns, memory::data_type type, Transpose transposed) {
  const bool is_transposed = transposed == Transpose::yes;
  return {{rows, columns}, type, is_transposed ? memory::dims{1, rows} : memory::dims{columns, 1}};
}

}  // namespace

std::optional<NarrowGemm> narrow_gemm(const NarrowProduct& p, const Machine& machine, const Threads& threads) {
  if (!machine.is_faster_in_bfloat16()) return std::nullopt;
  if (p.m == 0 || p.n == 0 || p.k == 0) return std::nullopt;
  return if_served(threads, [&] {
    constexpr auto kNarrow = memory::data_type::bf16;
    const auto desc =
        matmul_primitive(matrix(p.m, p.k, kNarrow, p.transpose_a), matrix(p.k, p.n, kNarrow, p.transpose_b),
                         matrix(p.m, p.n, p.narrow_c ? kNarrow : memory::data_type::f32, Transpose::no));
    const auto scratchpad = desc.scratchpad_desc();
    const auto step = std::make_shared<Step>(Step{dnnl::matmul(desc),
                                                  {{DNNL_ARG_SRC, desc.src_desc()},
                                                   {DNNL_ARG_WEIGHTS, desc.weights_desc()},
                                                   {DNNL_ARG_DST, desc.dst_desc()},
                                                   {DNNL_ARG_SCRATCHPAD, scratchpad}}});
    return NarrowGemm{.name = std::string("onednn ") + desc.impl_info_str(),
                      .scratch_bytes = scratchpad.get_size(),
                      .run = [step](const bfloat16* a, const bfloat16* b, void* c, std::byte* scratch) {
                        step->run({a, b, c, scratch});
                      }};
  });
}

}  // namespace evenkeel::kernels::onednn
