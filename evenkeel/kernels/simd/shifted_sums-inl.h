// Sums of a column's elements and their squares, taken about a first guess of its mean. Compiled once per target.

#include "evenkeel/kernels/simd/targets.h"

#if defined(EVENKEEL_KERNELS_SIMD_SHIFTED_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_SIMD_SHIFTED_SUMS_INL_H_
#undef EVENKEEL_KERNELS_SIMD_SHIFTED_SUMS_INL_H_
#else
#define EVENKEEL_KERNELS_SIMD_SHIFTED_SUMS_INL_H_
#endif

#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/simd/columns-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

/// The mean of up to 16 rows spread over x. The first rows would not do: of a batch of images they are all near one
/// corner.
template <class T>
HWY_INLINE const float* guess_means(Matrix<const T> x, Scratch& scratch) {
  const std::int64_t samples = std::min(x.rows, std::clamp<std::int64_t>(x.rows / 16, 4, 16));
  const float share = 1.0f / static_cast<float>(samples);
  float* guess = scratch.take<float>(x.columns);
  std::fill_n(guess, x.columns, 0.0f);
  for (std::int64_t sample = 0; sample < samples; ++sample) {
    const T* row = x.row(sample * x.rows / samples);
    for (std::int64_t c = 0; c < x.columns; ++c) guess[c] += row[c] * share;
  }
  return guess;
}

/// Calls found(c, mean, m2) for each column: its mean, and the sum of the squared distances from it. Squares of
/// distances from the guess do not cancel, so only sums of a few sigma are rounded.
template <class T, class Found>
HWY_INLINE void mean_and_m2(Matrix<const T> x, const Threads& threads, Scratch& scratch, Found found) {
  const Columns columns(x.rows, x.columns);
  const float* guess = guess_means(x, scratch);
  const float* shift = columns.repeat<1>({guess}, scratch)[0];
  const double* totals =
      columns.sum<2>(threads, scratch, [=](auto lanes, std::int64_t i, std::int64_t j, Vec* sums) EVENKEEL_LOOP_BODY {
        const Vec apart = hn::Sub(lanes.load(x.data + i), lanes.load(shift + j));
        sums[0] = hn::Add(sums[0], apart);
        sums[1] = hn::MulAdd(apart, apart, sums[1]);
      });
  const auto rows = static_cast<double>(x.rows);
  for (std::int64_t c = 0; c < x.columns; ++c) {
    const double apart = totals[c] / rows, m2 = totals[x.columns + c] - apart * totals[c];
    found(c, double{guess[c]} + apart, m2 < 0 ? 0 : m2);
  }
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
