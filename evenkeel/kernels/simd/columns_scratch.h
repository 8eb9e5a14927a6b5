#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/scratch.h"

// How much of their caller's scratch memory the loops of columns-inl.h and shifted_sums-inl.h need, whatever the width
// of the vectors.

namespace evenkeel::kernels {

/// The length of the stretches that a matrix of so many columns is cut into (Columns).
constexpr std::int64_t period_of(std::int64_t columns, std::int64_t lanes) {
  constexpr std::int64_t kLongest = 2048;   // at this length, coefficients of four kinds stay in the level-1 cache
  const std::int64_t shortest = 8 * lanes;  // shorter loops are all overhead
  std::int64_t period = std::lcm(columns, lanes);
  if (period > kLongest) return columns;
  while (period < shortest) period *= 2;
  return period;
}

/// The greatest length of a stretch of whole vectors.
constexpr std::int64_t longest_stretch(std::int64_t columns) {
  constexpr std::int64_t kMostLanes = 16;
  std::int64_t longest = 0;
  for (std::int64_t lanes = 1; lanes <= kMostLanes; lanes *= 2) longest = std::max(longest, period_of(columns, lanes));
  return longest + kMostLanes;
}

/// Bytes that Columns::repeat needs.
inline std::size_t repeat_bytes(int coefficients, std::int64_t columns) {
  return scratch_of<float>(coefficients * longest_stretch(columns));
}

/// Bytes that Columns::sum needs.
inline std::size_t sum_bytes(int terms, std::int64_t columns, const Threads& threads) {
  const std::int64_t numbers = threads.count() * terms * longest_stretch(columns);
  return scratch_of<float>(numbers) + scratch_of<double>(numbers) + scratch_of<double>(terms * columns);
}

/// Bytes that Columns::fold needs.
inline std::size_t fold_bytes(int numbers, std::int64_t columns, const Threads& threads) {
  return scratch_of<float>(threads.count() * numbers * longest_stretch(columns)) + scratch_of<float>(numbers * columns);
}

/// Bytes that mean_and_m2 needs.
inline std::size_t moments_bytes(std::int64_t columns, const Threads& threads) {
  return scratch_of<float>(columns) + repeat_bytes(1, columns) + sum_bytes(2, columns, threads);
}

}  // namespace evenkeel::kernels
