#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "evenkeel/base/cpu.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/tensor/bfloat16.h"

namespace evenkeel::kernels {

enum class Transpose : bool { no, yes };

/// c [m, n] = op(a) op(b), row-major and dense, where op(a) is [m, k] and op(b) is [k, n]. So a is stored as [m, k], or
/// as [k, m] if it is to be transposed; b as [k, n] or [n, k]. c is overwritten and may not overlap. fp32 accumulation.
void gemm(Transpose transpose_a, Transpose transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          const float* b, float* c, const Threads& threads);

/// The shape of a product of bfloat16 matrices, and whether c is bfloat16 too (rounded once, from fp32) or float.
struct NarrowProduct {
  Transpose transpose_a = Transpose::no, transpose_b = Transpose::no;
  std::int64_t m = 0, n = 0, k = 0;
  bool narrow_c = true;
};

/// The product of two bfloat16 matrices, prepared for one shape. For scratch memory, threads and callers the rules of
/// convolution.h hold.
struct NarrowGemm {
  std::string name;  ///< the implementation chosen, for `plan`
  std::size_t scratch_bytes = 0;
  /// c is bfloat16 or float, see NarrowProduct.
  std::function<void(const bfloat16* a, const bfloat16* b, void* c, std::byte* scratch)> run;
};

/// The first implementation that can serve the product on this machine; the last one widens to float and serves every
/// product.
NarrowGemm prepare_narrow_gemm(const NarrowProduct& product, const Machine& machine, const Threads& threads);

}  // namespace evenkeel::kernels
