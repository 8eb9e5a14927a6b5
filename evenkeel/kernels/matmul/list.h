#pragma once

#include "evenkeel/kernels/kernel.h"
#include "evenkeel/kernels/matmul/gemm.h"

// What the matmul family computes, as a plain description, and which kernel does it (list.cpp). Operands and output
// are those of the op of the same name (program/ops/dense.h).

namespace evenkeel::kernels {

struct MatMul {
  Transpose a = Transpose::no, b = Transpose::no;
  std::int64_t m = 0, n = 0, k = 0;
};
Kernel choose(const MatMul&, const KernelRequest&);

}  // namespace evenkeel::kernels
