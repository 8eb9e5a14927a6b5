// Cost, in bytes per element: forward reads 4 and writes 4, backward reads 8 and writes 4, as long as a sample fits
// into the cache; the other passes over it (two forward, one backward) read there. If each row is a group (layer
// normalization), rows are summed in registers. With several groups or positions it works by columns, as batch
// normalization does.

#include "evenkeel/kernels/normalization/group_norm.h"

#include <cmath>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/normalization/group_norm_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/shifted_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

/// The memory of a range of samples: double sums per channel for the gradients of gamma and beta; numbers of the
/// current sample, as doubles or twice as many floats; and scratch memory for the loops over its columns.
class RangeMemory {
 public:
  RangeMemory(Scratch& scratch, std::int64_t channels, std::int64_t ranges)
      : channels_(channels), ranges_(ranges), memory_(scratch, group_norm_range_bytes(channels), ranges) {
    for (std::int64_t range = 0; range < ranges; ++range) std::fill_n(sums(range), 2 * channels, 0.0);
  }

  double* sums(std::int64_t range) const { return reinterpret_cast<double*>(memory_.of(range).data()); }
  /// Of the current sample: [2, channels].
  double* doubles(std::int64_t range) const { return behind(range, 1).take<double>(2 * channels_); }
  float* floats(std::int64_t range) const { return reinterpret_cast<float*>(doubles(range)); }  ///< [4, channels]
  Scratch rest(std::int64_t range) const { return behind(range, 2); }

  void add_up(std::span<float> dgamma, std::span<float> dbeta) const {
    for (std::int64_t c = 0; c < channels_; ++c) {
      double of_gamma = 0, of_beta = 0;
      for (std::int64_t range = 0; range < ranges_; ++range) {
        of_gamma += sums(range)[c];
        of_beta += sums(range)[channels_ + c];
      }
      dgamma[static_cast<std::size_t>(c)] = static_cast<float>(of_gamma);
      dbeta[static_cast<std::size_t>(c)] = static_cast<float>(of_beta);
    }
  }

 private:
  /// What is after so many pairs of vectors.
  Scratch behind(std::int64_t range, int pairs) const {
    Scratch scratch = memory_.of(range);
    for (int i = 0; i < pairs; ++i) scratch.take<double>(2 * channels_);
    return scratch;
  }
  std::int64_t channels_, ranges_;
  ScratchOfRanges memory_;
};

/// A group's statistics. The mean is also stored as two floats, so that a large one loses no digits.
struct GroupStatistics {
  /// From n numbers with this mean and sum of squared distances from it.
  GroupStatistics(const Grouping& grouping, double epsilon, double mean_of_all, double m2) {
    const auto n = static_cast<double>(grouping.group_size());
    if (grouping.centered)
      mean = mean_of_all;
    else
      m2 += n * mean_of_all * mean_of_all;
    inv_std = 1 / std::sqrt(m2 / n + epsilon);
    high = static_cast<float>(mean);
    low = static_cast<float>(mean - double{high});
  }
  double mean = 0, inv_std = 0;
  float high = 0, low = 0;
};

/// The sums of K terms over [0, n); terms(lanes, i, sums) adds those of the elements from i on.
template <int K, class Terms>
HWY_INLINE void row_sums(std::int64_t n, double* totals, Terms terms) {
  constexpr std::int64_t kBlock =
      64 * kLanes;  // after so many the fp32 sums are added to a double, as in columns-inl.h
  std::fill_n(totals, K, 0.0);
  for (std::int64_t begin = 0; begin < n; begin += kBlock) {
    Vec sums[K];
    for (Vec& sum : sums) sum = hn::Zero(kTag);
    Vec* to = sums;
    for_vectors(begin, std::min(n, begin + kBlock),
                [=](auto lanes, std::int64_t i) EVENKEEL_LOOP_BODY { terms(lanes, i, to); });
    for (int k = 0; k < K; ++k) totals[k] += double{hn::GetLane(hn::SumOfLanes(kTag, sums[k]))};
  }
}

/// The statistics of a row that is one group. It is read a second time, with distances from its mean, so that squares
/// do not cancel.
template <class T>
HWY_INLINE GroupStatistics row_statistics(const T* x, const Grouping& grouping, double epsilon) {
  const std::int64_t n = grouping.channels;
  double first = 0, totals[2];
  if (grouping.centered)
    row_sums<1>(n, &first, [=](auto lanes, std::int64_t i, Vec* sums) EVENKEEL_LOOP_BODY {
      *sums = hn::Add(*sums, lanes.load(x + i));
    });
  const auto guess = static_cast<float>(first / static_cast<double>(n));
  const Vec center = hn::Set(kTag, guess);
  row_sums<2>(n, totals, [=](auto lanes, std::int64_t i, Vec* sums) EVENKEEL_LOOP_BODY {
    const Vec apart = lanes.keep(hn::Sub(lanes.load(x + i), center), hn::Zero(kTag));
    sums[0] = hn::Add(sums[0], apart);
    sums[1] = hn::MulAdd(apart, apart, sums[1]);
  });
  const double apart = totals[0] / static_cast<double>(n), m2 = totals[1] - apart * totals[0];
  return {grouping, epsilon, double{guess} + apart, m2 < 0 ? 0 : m2};
}

template <class T>
HWY_INLINE GroupStatistics normalize_row(const T* x, const Grouping& grouping, double epsilon, const float* gamma,
                                         const float* beta, T* y) {
  const GroupStatistics of = row_statistics(x, grouping, epsilon);
  const Vec high = hn::Set(kTag, of.high), low = hn::Set(kTag, of.low);
  const Vec scale = hn::Set(kTag, static_cast<float>(of.inv_std));
  for_vectors(0, grouping.channels, [=](auto lanes, std::int64_t c) EVENKEEL_LOOP_BODY {
    const Vec h = hn::Mul(hn::Sub(hn::Sub(lanes.load(x + c), high), low), scale);
    lanes.store(hn::MulAdd(h, lanes.load(gamma + c), lanes.load(beta + c)), y + c);
  });
  return of;
}

/// Normalizes one sample with several positions or groups; calls found(g, statistics) for each of its groups.
template <class T, class Found>
HWY_INLINE void normalize_sample(const T* x, const Grouping& grouping, double epsilon, std::span<const float> gamma,
                                 std::span<const float> beta, T* y, const RangeMemory& memory, int range, Found found) {
  const Threads one(1);
  const std::int64_t channels = grouping.channels, width = grouping.width();
  double *means = memory.doubles(range), *m2s = means + channels;
  Scratch scratch = memory.rest(range);
  mean_and_m2(Matrix<const T>{x, grouping.positions, channels}, one, scratch,
              [=](std::int64_t c, double mean, double m2) {
                means[c] = mean;
                m2s[c] = m2;
              });
  float *centers = scratch.take<float>(3 * channels), *scales = centers + channels, *shifts = scales + channels;
  for (std::int64_t g = 0; g < grouping.groups; ++g) {
    double mean = 0, m2 = 0;
    for (std::int64_t c = g * width; c < (g + 1) * width; ++c) mean += means[c] / static_cast<double>(width);
    for (std::int64_t c = g * width; c < (g + 1) * width; ++c)
      m2 += m2s[c] + static_cast<double>(grouping.positions) * (means[c] - mean) * (means[c] - mean);
    const GroupStatistics of(grouping, epsilon, mean, m2);
    found(g, of);
    for (std::int64_t c = g * width; c < (g + 1) * width; ++c) {
      centers[c] = of.high;
      scales[c] = static_cast<float>(double{gamma[static_cast<std::size_t>(c)]} * of.inv_std);
      shifts[c] = beta[static_cast<std::size_t>(c)] - of.low * scales[c];
    }
  }
  const Columns columns(grouping.positions, channels);
  const auto [center, scale, shift] = columns.repeat<3>({centers, scales, shifts}, scratch);
  columns.for_each(one, [=, center = center, scale = scale, shift = shift](auto lanes, std::int64_t i, std::int64_t j)
                            EVENKEEL_LOOP_BODY {
                              const Vec apart = hn::Sub(lanes.load(x + i), lanes.load(center + j));
                              lanes.store(hn::MulAdd(apart, lanes.load(scale + j), lanes.load(shift + j)), y + i);
                            });
}

HWY_INLINE bool is_row(const Grouping& grouping) { return grouping.positions == 1 && grouping.groups == 1; }

template <class T>
void group_norm(In<T> x, const Grouping& grouping, double epsilon, std::span<const float> gamma,
                std::span<const float> beta, Out<T> y, std::span<float> mean, std::span<float> inv_std,
                const Threads& threads, Scratch& scratch) {
  const std::int64_t size = grouping.sample_size(), groups = grouping.groups, grain = grain_of(size);
  const RangeMemory memory(scratch, grouping.channels, threads.ranges(grouping.samples, grain));
  threads.parallel(grouping.samples, grain, [&](std::int64_t begin, std::int64_t end, int range) HWY_ATTR {
    for (std::int64_t sample = begin; sample < end; ++sample) {
      const auto found = [&](std::int64_t g, const GroupStatistics& of) {
        mean[static_cast<std::size_t>(sample * groups + g)] = of.high;
        inv_std[static_cast<std::size_t>(sample * groups + g)] = static_cast<float>(of.inv_std);
      };
      const T* from = x.data() + sample * size;
      T* to = y.data() + sample * size;
      if (is_row(grouping))
        found(0, normalize_row(from, grouping, epsilon, gamma.data(), beta.data(), to));
      else
        normalize_sample(from, grouping, epsilon, gamma, beta, to, memory, range, found);
    }
  });
}

/// The coefficients of dx = scale * gamma * dy + of_x * (x - mean) + constant for one group, from its sums of gamma dy
/// and of gamma dy (x - mean).
struct DataGradient {
  DataGradient(const Grouping& grouping, float inv_std, double dz_sum, double dzx_sum) : scale(inv_std) {
    const double share = double{inv_std} / static_cast<double>(grouping.group_size());
    of_x = static_cast<float>(-share * double{inv_std} * double{inv_std} * dzx_sum);
    constant = grouping.centered ? static_cast<float>(-share * dz_sum) : 0;
  }
  float scale, of_x, constant;
};

/// The gradient of rows [begin, end), each a group.
template <class T>
HWY_INLINE void row_gradients(const T* x, const T* dy, const Grouping& grouping, const float* gamma,
                              std::span<const float> mean, std::span<const float> inv_std, T* dx, std::int64_t begin,
                              std::int64_t end, const RangeMemory& memory, int range) {
  constexpr std::int64_t kBlock = 64;  // after so many rows the fp32 sums are added to a double
  const std::int64_t n = grouping.channels;
  double* sums = memory.sums(range);
  float *of_gamma = memory.floats(range), *of_beta = of_gamma + n;
  for (std::int64_t first = begin; first < end; first += kBlock) {
    std::fill_n(of_gamma, 2 * n, 0.0f);
    for (std::int64_t row = first; row < std::min(end, first + kBlock); ++row) {
      const T *from = x + row * n, *back = dy + row * n;
      T* to = dx + row * n;
      const Vec center = hn::Set(kTag, mean[static_cast<std::size_t>(row)]);
      double totals[2];
      row_sums<2>(n, totals, [=](auto lanes, std::int64_t c, Vec* into) EVENKEEL_LOOP_BODY {
        const Vec dz = hn::Mul(lanes.load(back + c), lanes.load(gamma + c));
        into[0] = hn::Add(into[0], dz);
        into[1] = hn::MulAdd(dz, hn::Sub(lanes.load(from + c), center), into[1]);
      });
      const DataGradient by(grouping, inv_std[static_cast<std::size_t>(row)], totals[0], totals[1]);
      const Vec scale = hn::Set(kTag, by.scale), of_x = hn::Set(kTag, by.of_x), constant = hn::Set(kTag, by.constant);
      for_vectors(0, n, [=](auto lanes, std::int64_t c) EVENKEEL_LOOP_BODY {
        const Vec g = lanes.load(back + c), apart = hn::Sub(lanes.load(from + c), center), scaled = hn::Mul(g, scale);
        lanes.store(hn::MulAdd(scaled, lanes.load(gamma + c), hn::MulAdd(of_x, apart, constant)), to + c);
        lanes.store(hn::MulAdd(scaled, apart, lanes.load(of_gamma + c)), of_gamma + c);
        lanes.store(hn::Add(g, lanes.load(of_beta + c)), of_beta + c);
      });
    }
    for (std::int64_t i = 0; i < 2 * n; ++i) sums[i] += double{of_gamma[i]};
  }
}

/// The gradient of one sample with several positions or groups, which have these statistics.
template <class T>
HWY_INLINE void sample_gradient(const T* x, const T* dy, const Grouping& grouping, std::span<const float> gamma,
                                const float* mean, const float* inv_std, T* dx, const RangeMemory& memory, int range) {
  const Threads one(1);
  const std::int64_t n = grouping.channels, width = grouping.width();
  double* sums = memory.sums(range);
  float *centers = memory.floats(range), *of_dy = centers + n, *of_x = of_dy + n, *constants = of_x + n;
  for (std::int64_t c = 0; c < n; ++c) centers[c] = mean[c / width];
  const Columns columns(grouping.positions, n);
  Scratch scratch = memory.rest(range);
  const auto [center] = columns.repeat<1>({centers}, scratch);
  const double* totals = columns.sum<2>(
      one, scratch, [=, center = center](auto lanes, std::int64_t i, std::int64_t j, Vec* into) EVENKEEL_LOOP_BODY {
        const Vec g = lanes.load(dy + i);
        into[0] = hn::Add(into[0], g);
        into[1] = hn::MulAdd(g, hn::Sub(lanes.load(x + i), lanes.load(center + j)), into[1]);
      });
  for (std::int64_t g = 0; g < grouping.groups; ++g) {
    double dz_sum = 0, dzx_sum = 0;
    for (std::int64_t c = g * width; c < (g + 1) * width; ++c) {
      sums[c] += double{inv_std[g]} * totals[n + c];
      sums[n + c] += totals[c];
      dz_sum += double{gamma[static_cast<std::size_t>(c)]} * totals[c];
      dzx_sum += double{gamma[static_cast<std::size_t>(c)]} * totals[n + c];
    }
    const DataGradient by(grouping, inv_std[g], dz_sum, dzx_sum);
    for (std::int64_t c = g * width; c < (g + 1) * width; ++c) {
      of_dy[c] = by.scale * gamma[static_cast<std::size_t>(c)];
      of_x[c] = by.of_x;
      constants[c] = by.constant;
    }
  }
  const auto coefficients = columns.repeat<4>({centers, of_dy, of_x, constants}, scratch);
  const auto [around, a, b, c0] = coefficients;
  columns.for_each(
      one, [=, around = around, a = a, b = b, c0 = c0](auto lanes, std::int64_t i, std::int64_t j) EVENKEEL_LOOP_BODY {
        const Vec apart = hn::Sub(lanes.load(x + i), lanes.load(around + j));
        const Vec of_statistics = hn::MulAdd(lanes.load(b + j), apart, lanes.load(c0 + j));
        lanes.store(hn::MulAdd(lanes.load(a + j), lanes.load(dy + i), of_statistics), dx + i);
      });
}

template <class T>
void group_norm_gradient(In<T> x, In<T> dy, const Grouping& grouping, std::span<const float> gamma,
                         std::span<const float> mean, std::span<const float> inv_std, Out<T> dx,
                         std::span<float> dgamma, std::span<float> dbeta, const Threads& threads, Scratch& scratch) {
  const std::int64_t size = grouping.sample_size(), groups = grouping.groups, grain = grain_of(size);
  const RangeMemory memory(scratch, grouping.channels, threads.ranges(grouping.samples, grain));
  threads.parallel(grouping.samples, grain, [&](std::int64_t begin, std::int64_t end, int range) HWY_ATTR {
    if (is_row(grouping))
      row_gradients(x.data(), dy.data(), grouping, gamma.data(), mean, inv_std, dx.data(), begin, end, memory, range);
    else
      for (std::int64_t sample = begin; sample < end; ++sample)
        sample_gradient(x.data() + sample * size, dy.data() + sample * size, grouping, gamma,
                        mean.data() + sample * groups, inv_std.data() + sample * groups, dx.data() + sample * size,
                        memory, range);
  });
  memory.add_up(dgamma, dbeta);
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

std::size_t group_norm_range_bytes(std::int64_t channels) {
  const Threads one(1);
  const std::size_t forward =
      moments_bytes(channels, one) + scratch_of<float>(3 * channels) + repeat_bytes(3, channels);
  const std::size_t backward = repeat_bytes(1, channels) + sum_bytes(2, channels, one) + repeat_bytes(4, channels);
  return 2 * scratch_of<double>(2 * channels) + std::max(forward, backward);
}

template <class T>
void group_norm(In<T> x, const Grouping& grouping, double epsilon, std::span<const float> gamma,
                std::span<const float> beta, Out<T> y, std::span<float> mean, std::span<float> inv_std,
                const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(group_norm<T>)(x, grouping, epsilon, gamma, beta, y, mean, inv_std, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(group_norm);

template <class T>
void group_norm_gradient(In<T> x, In<T> dy, const Grouping& grouping, std::span<const float> gamma,
                         std::span<const float> mean, std::span<const float> inv_std, Out<T> dx,
                         std::span<float> dgamma, std::span<float> dbeta, const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(group_norm_gradient<T>)(x, dy, grouping, gamma, mean, inv_std, dx, dgamma, dbeta, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(group_norm_gradient);

}  // namespace evenkeel::kernels
#endif
