#pragma once

#include <cstdint>
#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"
#include "evenkeel/kernels/scratch.h"

// Normalization by statistics of each sample alone. docs/kernels/group_norm.md derives the gradient.

namespace evenkeel::kernels {

/// How x [samples, positions, channels] is cut: a group is `channels / groups` neighbouring channels of one sample, at
/// all of its positions. Statistics are [samples, groups].
struct Grouping {
  std::int64_t samples = 0, positions = 0, channels = 0;
  std::int64_t groups = 1;  ///< divides channels
  bool centered = true;     ///< false: 0 is used as the mean, so that the variance is the mean square

  std::int64_t size() const { return samples * positions * channels; }
  std::int64_t width() const { return channels / groups; }           ///< channels of a group
  std::int64_t group_size() const { return positions * width(); }    ///< elements of a group
  std::int64_t sample_size() const { return positions * channels; }  ///< elements of a sample
  std::int64_t statistics() const { return samples * groups; }       ///< pairs of mean and variance
};

/// Bytes of scratch memory that both functions need for each thread.
std::size_t group_norm_range_bytes(std::int64_t channels);

/// y = gamma[c] * (x - mean) * inv_std + beta[c] with each group's mean and inv_std = 1 / sqrt(variance + epsilon), of
/// the biased variance. The statistics are exact to 1e-6 sigma even where |mean| is 10^4 sigma, and y is computed from
/// them before they are rounded to float. y may be x's memory. Threads take whole samples; x is read from memory once
/// if a sample fits into the cache. The result is the same for any thread count. A NaN makes its whole group NaN.
template <class T = float>
void group_norm(In<T> x, const Grouping& grouping, double epsilon, std::span<const float> gamma,
                std::span<const float> beta, Out<T> y, std::span<float> mean, std::span<float> inv_std,
                const Threads& threads, Scratch scratch = {});

/// Its gradient. With h = (x - mean) * inv_std and the means over a group in < >:
/// dx = inv_std * (gamma dy - <gamma dy> - h <gamma dy h>), without the second term where not centered;
/// dgamma[c] = sum dy h, dbeta[c] = sum dy. dx may be dy's memory. Deterministic for a thread count.
template <class T = float>
void group_norm_gradient(In<T> x, In<T> dy, const Grouping& grouping, std::span<const float> gamma,
                         std::span<const float> mean, std::span<const float> inv_std, Out<T> dx,
                         std::span<float> dgamma, std::span<float> dbeta, const Threads& threads, Scratch scratch = {});

}  // namespace evenkeel::kernels
