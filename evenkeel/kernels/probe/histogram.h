#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/scratch.h"

namespace evenkeel::kernels {

/// How often values of each size occur. Bins are exponential: for either sign, eight for each power of two, from 2^-40
/// to 2^64. So the bin is a part of a float's bits. (TensorFlow's bins go from 1e-12 to 1e20, 7.3 for each power of
/// two.)
struct Histogram {
  static constexpr int kBins = 1664;

  std::int64_t finite = 0;      ///< elements counted; all figures below are of finite elements only
  std::int64_t not_finite = 0;  ///< NaN and infinities
  double min = 0, max = 0;      ///< 0 if no element is finite
  double sum = 0, sum_of_squares = 0;
  std::array<std::int64_t, kBins> counts{};  ///< bin i: edge(i) <= x < edge(i + 1)

  /// The lower edge of bin i, in rising order, for i from 0 to kBins. One bin is around zero, [-2^-40, 1.125 * 2^-40);
  /// the outermost bins reach to the largest float.
  static double edge(int i);
};

/// Replaces `out`. Sums are in double. Deterministic for a thread count.
void histogram(std::span<const float> x, Histogram& out, const Threads& threads, Scratch scratch = {});

}  // namespace evenkeel::kernels
