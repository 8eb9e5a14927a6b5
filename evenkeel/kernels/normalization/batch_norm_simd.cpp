// Cost, in bytes per element: moments and sums read 4, products 8, scale_shift reads 4 and writes 4, batch_norm_sums
// reads 12 and batch_norm_data_gradient reads 12 and writes 4 (8 when f is linear). The numbers per column
// (coefficients, sums) stay in the level-1 cache. Where f is not monotone, z is computed again from x instead of
// reading y, so both read 4 less.

#include "evenkeel/kernels/normalization/batch_norm.h"

#include <algorithm>
#include <array>

#include "evenkeel/kernels/simd/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "evenkeel/kernels/normalization/batch_norm_simd.cpp"
#include "hwy/foreach_target.h"

// Included after foreach_target.h, which compiles them once for each target.
#include "evenkeel/kernels/simd/activation-inl.h"
#include "evenkeel/kernels/simd/shifted_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace evenkeel::kernels::HWY_NAMESPACE {

template <class T>
void channel_moments(InRows<T> x, std::span<float> mean, std::span<float> variance, const Threads& threads,
                     Scratch& scratch) {
  const auto rows = static_cast<double>(x.rows);
  mean_and_m2(x, threads, scratch, [&](std::int64_t c, double mean_of_c, double m2) {
    mean[c] = static_cast<float>(mean_of_c);
    variance[c] = static_cast<float>(m2 / rows);
  });
}

template <class T>
void channel_sums(InRows<T> x, std::span<float> sums, const Threads& threads, Scratch& scratch) {
  const double* totals = Columns(x.rows, x.columns)
                             .sum<1>(threads, scratch,
                                     [=](auto lanes, std::int64_t i, std::int64_t, Vec* sum)
                                         EVENKEEL_LOOP_BODY { *sum = hn::Add(*sum, lanes.load(x.data + i)); });
  for (std::int64_t c = 0; c < x.columns; ++c) sums[c] = static_cast<float>(totals[c]);
}

template <class T>
void channel_products(InRows<T> a, InRows<T> b, std::span<float> sums, const Threads& threads, Scratch& scratch) {
  const double* totals =
      Columns(a.rows, a.columns)
          .sum<1>(threads, scratch, [=](auto lanes, std::int64_t i, std::int64_t, Vec* sum) EVENKEEL_LOOP_BODY {
            *sum = hn::MulAdd(lanes.load(a.data + i), lanes.load(b.data + i), *sum);
          });
  for (std::int64_t c = 0; c < a.columns; ++c) sums[c] = static_cast<float>(totals[c]);
}

template <class T>
void scale_shift(InRows<T> x, std::span<const float> scale, std::span<const float> shift, Activation f, OutRows<T> y,
                 const Threads& threads, Scratch& scratch) {
  const Columns columns(x.rows, x.columns);
  const auto [factor, summand] = columns.repeat<2>({scale.data(), shift.data()}, scratch);
  with_activation(f, [&, factor = factor, summand = summand](auto known) HWY_ATTR {
    columns.for_each(threads, [=](auto lanes, std::int64_t i, std::int64_t j) EVENKEEL_LOOP_BODY {
      const Vec z = hn::MulAdd(lanes.load(x.data + i), lanes.load(factor + j), lanes.load(summand + j));
      lanes.store(known(z), y.data + i);
    });
  });
}

/// The gradient of f's input at a vector of elements.
template <class Known, class Lanes, class T>
HWY_INLINE Vec input_gradient(Known known, Lanes lanes, Vec x, const T* y, Vec dy, const float* scale,
                              const float* shift) {
  if constexpr (Known::kMonotone)
    return known.gradient(lanes, y, dy);
  else
    return known.gradient(hn::MulAdd(x, lanes.load(scale), lanes.load(shift)), dy);
}

/// So many vectors of coefficients a gradient needs besides these.
template <class Known>
constexpr std::size_t kForward = Known::kMonotone ? 0 : 2;

/// The coefficients repeated over a stretch, and the forward's two if f needs them; else the last two are not read.
template <class Known, std::size_t K>
HWY_INLINE std::array<const float*, K + 2> repeated(Known, const Columns& columns, std::array<const float*, K> given,
                                                    ForwardScale<float> forward, Scratch& scratch) {
  std::array<const float*, K + kForward<Known>> all{};
  std::ranges::copy(given, all.begin());
  if constexpr (!Known::kMonotone) {
    all[K] = forward.scale.data();
    all[K + 1] = forward.shift.data();
  }
  all = columns.repeat(all, scratch);
  std::array<const float*, K + 2> result;
  result.fill(all[0]);
  std::ranges::copy(all, result.begin());
  return result;
}

template <class T>
void batch_norm_sums(InRows<T> x, InRows<T> y, InRows<T> dy, std::span<const float> mean,
                     std::span<const float> inv_std, Activation f, std::span<float> dgamma, std::span<float> dbeta,
                     const Threads& threads, Scratch& scratch, ForwardScale<float> forward) {
  const Columns columns(x.rows, x.columns);
  with_activation(f, [&](auto known) HWY_ATTR {
    const auto coefficients = repeated(known, columns, std::array{mean.data()}, forward, scratch);
    // Not a structured binding: Clang before 16 captures none.
    const float *center = coefficients[0], *scale = coefficients[1], *shift = coefficients[2];
    const double* totals =
        columns.sum<2>(threads, scratch, [=](auto lanes, std::int64_t i, std::int64_t j, Vec* sums) EVENKEEL_LOOP_BODY {
          const Vec at = lanes.load(x.data + i), dy_at = lanes.load(dy.data + i);
          const Vec dz = input_gradient(known, lanes, at, y.data + i, dy_at, scale + j, shift + j);
          sums[0] = hn::Add(sums[0], dz);
          sums[1] = hn::MulAdd(dz, hn::Sub(at, lanes.load(center + j)), sums[1]);
        });
    for (std::int64_t c = 0; c < x.columns; ++c) {
      dbeta[c] = static_cast<float>(totals[c]);
      dgamma[c] = static_cast<float>(totals[x.columns + c] * double{inv_std[c]});
    }
  });
}

template <class T>
void batch_norm_data_gradient(InRows<T> x, InRows<T> y, InRows<T> dy, std::span<const float> mean,
                              std::span<const float> a, std::span<const float> b, std::span<const float> c0,
                              Activation f, OutRows<T> dx, const Threads& threads, Scratch& scratch,
                              ForwardScale<float> forward) {
  const Columns columns(x.rows, x.columns);
  with_activation(f, [&](auto known) HWY_ATTR {
    const auto coefficients =
        repeated(known, columns, std::array{mean.data(), a.data(), b.data(), c0.data()}, forward, scratch);
    const float *center = coefficients[0], *of_dz = coefficients[1], *of_x = coefficients[2],
                *constant = coefficients[3], *scale = coefficients[4], *shift = coefficients[5];
    columns.for_each(threads, [=](auto lanes, std::int64_t i, std::int64_t j) EVENKEEL_LOOP_BODY {
      const Vec at = lanes.load(x.data + i), dy_at = lanes.load(dy.data + i);
      const Vec dz = input_gradient(known, lanes, at, y.data + i, dy_at, scale + j, shift + j);
      const Vec apart = hn::Sub(at, lanes.load(center + j));
      const Vec of_moments = hn::MulAdd(lanes.load(of_x + j), apart, lanes.load(constant + j));
      lanes.store(hn::MulAdd(lanes.load(of_dz + j), dz, of_moments), dx.data + i);
    });
  });
}

}  // namespace evenkeel::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace evenkeel::kernels {

template <class T>
void channel_moments(InRows<T> x, std::span<float> mean, std::span<float> variance, const Threads& threads,
                     Scratch scratch) {
  EVENKEEL_DISPATCH(channel_moments<T>)(x, mean, variance, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(channel_moments);

template <class T>
void channel_sums(InRows<T> x, std::span<float> sums, const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(channel_sums<T>)(x, sums, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(channel_sums);

template <class T>
void channel_products(InRows<T> a, InRows<T> b, std::span<float> sums, const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(channel_products<T>)(a, b, sums, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(channel_products);

template <class T>
void scale_shift(InRows<T> x, std::span<const float> scale, std::span<const float> shift, Activation f, OutRows<T> y,
                 const Threads& threads, Scratch scratch) {
  EVENKEEL_DISPATCH(scale_shift<T>)(x, scale, shift, f, y, threads, scratch);
}
EVENKEEL_FOR_ELEMENTS(scale_shift);

template <class T>
void batch_norm_sums(InRows<T> x, InRows<T> y, InRows<T> dy, std::span<const float> mean,
                     std::span<const float> inv_std, Activation f, std::span<float> dgamma, std::span<float> dbeta,
                     const Threads& threads, Scratch scratch, ForwardScale<float> forward) {
  EVENKEEL_DISPATCH(batch_norm_sums<T>)(x, y, dy, mean, inv_std, f, dgamma, dbeta, threads, scratch, forward);
}
EVENKEEL_FOR_ELEMENTS(batch_norm_sums);

template <class T>
void batch_norm_data_gradient(InRows<T> x, InRows<T> y, InRows<T> dy, std::span<const float> mean,
                              std::span<const float> a, std::span<const float> b, std::span<const float> c0,
                              Activation f, OutRows<T> dx, const Threads& threads, Scratch scratch,
                              ForwardScale<float> forward) {
  EVENKEEL_DISPATCH(batch_norm_data_gradient<T>)(x, y, dy, mean, a, b, c0, f, dx, threads, scratch, forward);
}
EVENKEEL_FOR_ELEMENTS(batch_norm_data_gradient);

}  // namespace evenkeel::kernels
#endif
