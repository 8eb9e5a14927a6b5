#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/scratch.h"

namespace evenkeel::kernels {

/// How often values of each size occur. Bins are exponential, eight to each power of two and for either sign, from
/// 2^-40 to 2^64 (TensorFlow's go from 1e-12 to 1e20, 7.3 to a power of two): a float's bin is part of its bits.
struct Histogram {
  static constexpr int kBins = 1664;

  std::int64_t finite = 0;      ///< elements counted; NaN and infinities are left out of all that follows
  std::int64_t not_finite = 0;  ///< NaN and infinities
  double min = 0, max = 0;      ///< 0 without a finite element
  double sum = 0, sum_of_squares = 0;
  std::array<std::int64_t, kBins> counts{};  ///< bin i: edge(i) <= x < edge(i + 1)

  /// Rising, for i from 0 to kBins. Around zero lies one bin, [-2^-40, 1.125 * 2^-40); the outermost ones reach to the
  /// largest float.
  static double edge(int i);
};

/// Replaces `out`. Sums are in double. Deterministic for a thread count.
void histogram(std::span<const float> x, Histogram& out, const Threads& threads, Scratch scratch = {});

}  // namespace evenkeel::kernels
