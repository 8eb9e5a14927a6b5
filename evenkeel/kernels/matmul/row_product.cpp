// Cost: reads b, 4 bytes for each element, in order. W2's prediction of one image, which is little else, took 0.7 to
// 0.8 of the time that it takes with oneDNN 2.6's sgemm.

#include "evenkeel/kernels/matmul/row_product.h"

#include <algorithm>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/matmul/row_product.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles it once for each target.
#include "evenkeel/kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

/// y = y + x b, `kRows` rows of b at a time, so that y is loaded and stored seldom.
template <int kRows>
HWY_INLINE void add_rows(const float* x, const float* b, std::int64_t columns, float* y) {
  Vec factors[kRows];
  for (int r = 0; r < kRows; ++r) factors[r] = hn::Set(kTag, x[r]);
  for_vectors(0, columns, [&](auto lanes, std::int64_t j) EVENKEEL_LOOP_BODY {
    Vec sum = lanes.load(y + j);
    for (int r = 0; r < kRows; ++r) sum = hn::MulAdd(factors[r], lanes.load(b + r * columns + j), sum);
    lanes.store(sum, y + j);
  });
}

void product_of_rows(const float* x, Matrix<const float> b, float* y) {
  constexpr int kRows = 8;
  std::fill_n(y, b.columns, 0.0F);
  std::int64_t row = 0;
  for (; row + kRows <= b.rows; row += kRows) add_rows<kRows>(x + row, b.row(row), b.columns, y);
  for (; row < b.rows; ++row) add_rows<1>(x + row, b.row(row), b.columns, y);
}

void add_row(const float* x, float* y, std::int64_t begin, std::int64_t end) {
  for_vectors(begin, end, [&](auto lanes, std::int64_t j) EVENKEEL_LOOP_BODY {
    lanes.store(hn::Add(lanes.load(y + j), lanes.load(x + j)), y + j);
  });
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {
namespace {

/// The first range sums into y itself.
std::int64_t rows_aside(std::int64_t rows, std::int64_t columns, const Threads& threads) {
  return std::max(threads.ranges(rows, grain_of(columns)) - 1, 0);
}

}  // namespace

std::size_t row_product_bytes(std::int64_t rows, std::int64_t columns, const Threads& threads) {
  return scratch_of<float>(rows_aside(rows, columns, threads) * whole_lines(columns));
}

void row_product(const float* x, Matrix<const float> b, float* y, const Threads& threads, Scratch scratch) {
  const std::int64_t aside = rows_aside(b.rows, b.columns, threads), apart = whole_lines(b.columns);
  float* const sums = scratch.take<float>(aside * apart);
  if (b.rows == 0) std::fill_n(y, b.columns, 0.0F);
  threads.parallel(b.rows, grain_of(b.columns), [&](std::int64_t begin, std::int64_t end, int thread) {
    float* const sum = thread == 0 ? y : sums + (thread - 1) * apart;
    EVENKEEL_DISPATCH(product_of_rows)(x + begin, {b.row(begin), end - begin, b.columns}, sum);
  });
  for (std::int64_t i = 0; i < aside; ++i) EVENKEEL_DISPATCH(add_row)(sums + i * apart, y, 0, b.columns);
}

}  // namespace evenkeel::kernels
#endif
