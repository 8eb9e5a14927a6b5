#include "evenkeel/kernels/matmul/list.h"

#include <array>

#include "evenkeel/kernels/kernel_list.h"
#include "evenkeel/kernels/matmul/gemm_onednn.h"
#include "evenkeel/kernels/matmul/gemm_packed.h"
#include "evenkeel/kernels/matmul/gemm_reference.h"
#include "evenkeel/kernels/matmul/gemm_widened.h"
#include "evenkeel/kernels/matmul/row_product.h"

namespace evenkeel::kernels {
namespace {

// Products of bfloat16 matrices. The last implementation serves every product.
constexpr std::array kNarrow = {&packed::narrow_gemm, &onednn::narrow_gemm, &widening::narrow_gemm};

}  // namespace

NarrowGemm prepare_narrow_gemm(const NarrowProduct& product, const Machine& machine, const Threads& threads) {
  for (const auto prepare : kNarrow)
    if (auto kernel = prepare(product, machine, threads)) return *kernel;
  return *kNarrow.back()(product, machine, threads);  // not reached
}

/// For a batch of one. What fits into a cache is left to sgemm, whose kernel is better than memory asks for.
std::optional<Kernel> row_kernel(const MatMul& task, const KernelRequest& request) {
  constexpr std::int64_t kCached = std::int64_t{1} << 18;  // elements of b
  if (task.m != 1 || task.b == Transpose::yes || task.k * task.n < kCached) return std::nullopt;
  return Kernel{.name = "one row",
                .run =
                    [task](const KernelCall& c) {
                      row_product(c.in<float>(0).data(), {c.in<float>(1).data(), task.k, task.n},
                                  c.out<float>(0).data(), c.threads(), c.scratch());
                    },
                .scratch_bytes = row_product_bytes(task.k, task.n, request.threads)};
}

Kernel choose(const MatMul& task, const KernelRequest& request) {
  const auto narrow = [](const MatMul& t, const KernelRequest& r, bfloat16) {
    const bool narrow_c = r.outputs[0].dtype == DType::bfloat16;
    auto prepared = prepare_narrow_gemm({t.a, t.b, t.m, t.n, t.k, narrow_c}, r.machine, r.threads);
    return Kernel{.name = prepared.name,
                  .run =
                      [run = std::move(prepared.run)](const KernelCall& c) {
                        run(c.in<bfloat16>(0).data(), c.in<bfloat16>(1).data(), c.out<std::byte>(0).data(),
                            c.scratch().data());
                      },
                  .scratch_bytes = prepared.scratch_bytes};
  };
  return first_that_serves(task, request,
                           {{kBfloat16, narrow},
                            {kFloat, [](const MatMul& t, const KernelRequest& r, float) { return row_kernel(t, r); }},
                            {"onednn sgemm", kFloat,
                             [](const MatMul& t, const KernelCall& c, float) {
                               gemm(t.a, t.b, t.m, t.n, t.k, c.in<float>(0).data(), c.in<float>(1).data(),
                                    c.out<float>(0).data(), c.threads());
                             }},
                            {"reference", kDouble, [](const MatMul& t, const KernelCall& c, double) {
                               reference::gemm<double>(t.a, t.b, t.m, t.n, t.k, c.in<double>(0).data(),
                                                       c.in<double>(1).data(), c.out<double>(0).data());
                             }}});
}

}  // namespace evenkeel::kernels
