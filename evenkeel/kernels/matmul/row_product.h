#pragma once

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/scratch.h"

namespace evenkeel::kernels {

/// y [columns] = x [rows] b [rows, columns]: the product for a batch of one. It is bound by reading b, which it does
/// once and in order: each thread has a range of b's rows and sums into a row of its own. fp32 accumulation; the order
/// of the terms depends on the number of threads. Takes row_product_bytes of scratch memory.
void row_product(const float* x, Matrix<const float> b, float* y, const Threads& threads, Scratch scratch = {});

std::size_t row_product_bytes(std::int64_t rows, std::int64_t columns, const Threads& threads);

}  // namespace evenkeel::kernels
