// Loops over matrices whose columns have coefficients or sums of their own. Compiled once per target.

#include "evenkeel/kernels/simd/targets.h"

#if defined(EVENKEEL_KERNELS_SIMD_COLUMNS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef EVENKEEL_KERNELS_SIMD_COLUMNS_INL_H_
#undef EVENKEEL_KERNELS_SIMD_COLUMNS_INL_H_
#else
#define EVENKEEL_KERNELS_SIMD_COLUMNS_INL_H_
#endif

#include <algorithm>
#include <array>
#include <cstdint>

#include "evenkeel/kernels/simd/columns_scratch.h"
#include "evenkeel/kernels/simd/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

/// A dense matrix cut into stretches of one length, the period. The period is a multiple of the number of columns and,
/// unless there are many columns, of the vector. So vectors are full however few columns there are, and element j of
/// every stretch belongs to column j % columns. With many columns a stretch is a row and ends with part of a vector.
class Columns {
 public:
  Columns(std::int64_t rows, std::int64_t columns)
      : size_(rows * columns),
        columns_(columns),
        period_(period_of(columns, kLanes)),
        stretches_((size_ + period_ - 1) / period_) {}

  /// Repeats K vectors of one coefficient per column over the period, in scratch memory.
  template <std::size_t K>
  std::array<const float*, K> repeat(std::array<const float*, K> coefficients, Scratch& scratch) const;

  /// Calls body(lanes, i, j) for a vector of elements from i on; j is the place of element i in its stretch.
  template <class Body>
  void for_each(const Threads& threads, Body body) const;

  /// The sums over each column of K terms: totals[k * columns + c], in scratch memory. terms(lanes, i, j, sums) adds
  /// the terms of the elements from i on to `sums`, an array of K vectors. A term must be 0 where everything that it
  /// loads is 0, because that is what unused lanes of a First load.
  template <int K, class Terms>
  const double* sum(const Threads& threads, Scratch& scratch, Terms terms) const;

  /// Folds each column into K numbers that begin as `first`: folded[k * columns + c], in scratch memory. step(lanes, i,
  /// folded) merges the elements from i on into `folded`, an array of K vectors. combine(k, a, b) joins the k-th
  /// numbers of two parts of a column.
  template <std::size_t K, class Step, class Combine>
  const float* fold(const Threads& threads, Scratch& scratch, std::array<float, K> first, Step step,
                    Combine combine) const;

 private:
  /// After so many rows the fp32 sums are added to a double: few enough that their rounding stays below 1e-6 sigma.
  static constexpr std::int64_t kBlock = 64;
  /// So many stretches are read each time the fp32 sums are loaded and stored.
  static constexpr std::int64_t kAbreast = 8;

  /// Adds the terms of stretches [begin, end) to `sums` [K, stride], through the fp32 sums `block` [K, stride].
  template <int K, class Terms>
  HWY_INLINE void accumulate(std::int64_t begin, std::int64_t end, std::int64_t stride, float* block, double* sums,
                             Terms terms) const;

  std::int64_t size_, columns_, period_, stretches_;
};

template <std::size_t K>
std::array<const float*, K> Columns::repeat(std::array<const float*, K> coefficients, Scratch& scratch) const {
  if (period_ == columns_) return coefficients;
  float* to = scratch.take<float>(static_cast<std::int64_t>(K) * period_);
  const std::int64_t needed = std::min(period_, size_);
  for (const float*& from : coefficients) {
    std::copy_n(from, columns_, to);
    for (std::int64_t done = columns_; done < needed; done *= 2)
      std::copy_n(to, std::min(done, needed - done), to + done);
    from = to;
    to += period_;
  }
  return coefficients;
}

template <class Body>
HWY_INLINE void Columns::for_each(const Threads& threads, Body body) const {
  threads.parallel(stretches_, grain_of(period_), [&](std::int64_t begin, std::int64_t end, int) HWY_ATTR {
    const Body inner = body;
    for (std::int64_t stretch = begin; stretch < end; ++stretch) {
      const std::int64_t at = stretch * period_;
      for_vectors(0, std::min(period_, size_ - at),
                  [=](auto lanes, std::int64_t j) EVENKEEL_LOOP_BODY { inner(lanes, at + j, j); });
    }
  });
}

template <int K, class Terms>
HWY_INLINE void Columns::accumulate(std::int64_t begin, std::int64_t end, std::int64_t stride, float* block,
                                    double* sums, Terms terms) const {
  const std::int64_t period = period_;
  // Adds stretches [from, to), of which the first `width` elements exist, to the block's sums.
  const auto add = [=](std::int64_t from, std::int64_t to, std::int64_t width) EVENKEEL_LOOP_BODY {
    for_vectors(0, width, [=](auto lanes, std::int64_t j) EVENKEEL_LOOP_BODY {
      Vec partial[K];
      for (int k = 0; k < K; ++k) partial[k] = hn::Load(kTag, block + k * stride + j);
      for (std::int64_t stretch = from; stretch < to; ++stretch) terms(lanes, stretch * period + j, j, partial);
      for (int k = 0; k < K; ++k) hn::Store(partial[k], kTag, block + k * stride + j);
    });
  };
  const std::int64_t whole = std::min(end, size_ / period);
  for (std::int64_t at = begin; at < end; at += kBlock) {
    std::fill_n(block, K * stride, 0.0f);
    const std::int64_t block_end = std::min(at + kBlock, whole);
    for (std::int64_t from = at; from < block_end; from += kAbreast)
      add(from, std::min(from + kAbreast, block_end), period);
    if (at + kBlock >= end && whole < end) add(whole, end, size_ - whole * period);
    for (std::int64_t i = 0; i < K * stride; ++i) sums[i] += double{block[i]};
  }
}

template <int K, class Terms>
HWY_INLINE const double* Columns::sum(const Threads& threads, Scratch& scratch, Terms terms) const {
  const std::int64_t grain = grain_of(period_), ranges = threads.ranges(stretches_, grain);
  const std::int64_t stride = (period_ + kLanes - 1) / kLanes * kLanes;
  float* blocks = scratch.take<float>(ranges * K * stride);
  double* partial = scratch.take<double>(ranges * K * stride);
  std::fill_n(partial, ranges * K * stride, 0.0);
  threads.parallel(stretches_, grain, [&](std::int64_t begin, std::int64_t end, int thread) HWY_ATTR {
    accumulate<K>(begin, end, stride, blocks + thread * K * stride, partial + thread * K * stride, terms);
  });
  double* totals = scratch.take<double>(K * columns_);
  std::fill_n(totals, K * columns_, 0.0);
  for (std::int64_t row = 0; row < ranges * K; ++row)
    for (std::int64_t j = 0; j < period_; j += columns_)
      for (std::int64_t c = 0; c < columns_; ++c) totals[row % K * columns_ + c] += partial[row * stride + j + c];
  return totals;
}

template <std::size_t K, class Step, class Combine>
HWY_INLINE const float* Columns::fold(const Threads& threads, Scratch& scratch, std::array<float, K> first, Step step,
                                      Combine combine) const {
  constexpr auto kNumbers = static_cast<std::int64_t>(K);
  const std::int64_t grain = grain_of(period_), ranges = threads.ranges(stretches_, grain), period = period_;
  const std::int64_t stride = (period_ + kLanes - 1) / kLanes * kLanes;
  float* partial = scratch.take<float>(ranges * kNumbers * stride);
  for (std::int64_t row = 0; row < ranges * kNumbers; ++row)
    std::fill_n(partial + row * stride, stride, first[static_cast<std::size_t>(row % kNumbers)]);
  threads.parallel(stretches_, grain, [&](std::int64_t begin, std::int64_t end, int thread) HWY_ATTR {
    float* folded = partial + thread * kNumbers * stride;
    const auto take = [=](std::int64_t from, std::int64_t to, std::int64_t width) EVENKEEL_LOOP_BODY {
      for_vectors(0, width, [=](auto lanes, std::int64_t j) EVENKEEL_LOOP_BODY {
        Vec part[K];
        for (std::size_t k = 0; k < K; ++k)
          part[k] = hn::Load(kTag, folded + static_cast<std::int64_t>(k) * stride + j);
        for (std::int64_t stretch = from; stretch < to; ++stretch) step(lanes, stretch * period + j, part);
        for (std::size_t k = 0; k < K; ++k)
          hn::Store(part[k], kTag, folded + static_cast<std::int64_t>(k) * stride + j);
      });
    };
    const std::int64_t whole = std::min(end, size_ / period);
    for (std::int64_t from = begin; from < whole; from += kAbreast)
      take(from, std::min(from + kAbreast, whole), period);
    if (whole < end) take(whole, end, size_ - whole * period);
  });
  float* totals = scratch.take<float>(kNumbers * columns_);
  for (std::int64_t k = 0; k < kNumbers; ++k)
    std::fill_n(totals + k * columns_, columns_, first[static_cast<std::size_t>(k)]);
  for (std::int64_t row = 0; row < ranges * kNumbers; ++row)
    for (std::int64_t j = 0; j < std::min(period_, size_); ++j) {
      float& total = totals[row % kNumbers * columns_ + j % columns_];
      total = combine(row % kNumbers, total, partial[row * stride + j]);
    }
  return totals;
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
