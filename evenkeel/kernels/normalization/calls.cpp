#include "evenkeel/kernels/normalization/calls.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "evenkeel/kernels/normalization/batch_norm.h"
#include "evenkeel/kernels/normalization/batch_norm_pool.h"
#include "evenkeel/kernels/normalization/batch_norm_pool_reference.h"
#include "evenkeel/kernels/normalization/batch_norm_reference.h"
#include "evenkeel/kernels/normalization/group_norm_reference.h"
#include "evenkeel/kernels/normalization/groups.h"
#include "evenkeel/kernels/normalization/statistics.h"

namespace evenkeel::kernels {
namespace {

template <class T>
constexpr bool kIsReference = std::is_same_v<T, double>;

/// A vector of one number per channel in the call's scratch memory.
template <class S>
std::span<S> vector_of(Scratch& scratch, std::int64_t channels) {
  return {scratch.take<S>(channels), static_cast<std::size_t>(channels)};
}

/// A row of an operand [groups, C] or [C].
template <class S>
std::span<const S> row_of(const KernelCall& c, int input, std::int64_t row) {
  const Matrix<const S> all = c.in_rows<S>(input);
  return {all.row(row), static_cast<std::size_t>(all.columns)};
}
template <class S>
std::span<S> out_row_of(const KernelCall& c, int output, std::int64_t row) {
  const Matrix<S> all = c.out_rows<S>(output);
  return {all.row(row), static_cast<std::size_t>(all.columns)};
}

/// z = x * scale + shift
template <class S>
struct ScaleAndShift {
  ScaleAndShift(const KernelCall& c, Scratch& scratch, std::span<const S> mean, std::span<const S> inv_std, int gamma,
                int beta)
      : scale(vector_of<S>(scratch, std::ssize(mean))), shift(vector_of<S>(scratch, std::ssize(mean))) {
    scale_and_shift<S>(c.in_if_any<S>(gamma), c.in_if_any<S>(beta), mean, inv_std, scale, shift);
  }
  std::span<S> scale, shift;
};

/// What a gradient needs to find z again, if it takes f' from there.
template <class S>
ForwardScale<S> forward_scale(const Normalization& n, const KernelCall& c, Scratch& scratch, std::span<const S> mean,
                              std::span<const S> inv_std) {
  if (n.f.is_monotone()) return {};
  const ScaleAndShift<S> by(c, scratch, mean, inv_std, 3, 4);
  return {by.scale, by.shift};
}

/// dx = a * dz + b * (x - mean) + c0
template <class S>
struct Coefficients {
  Coefficients(Scratch& scratch, std::int64_t channels)
      : a(vector_of<S>(scratch, channels)), b(vector_of<S>(scratch, channels)), c0(vector_of<S>(scratch, channels)) {}
  std::span<S> a, b, c0;
};

/// The normalization whose maxima are found again, with the forward's scale and shift.
template <class S>
PooledNormalization<S> pooled(const Normalization& n, const ScaleAndShift<S>& by) {
  return {*n.pool, n.f, by.scale, by.shift};
}

template <class T>
void data_gradient(Matrix<const T> x, Matrix<const T> y, Matrix<const T> dy, std::span<const Precise<T>> mean,
                   const Coefficients<Precise<T>>& by, Activation f, Matrix<T> dx, const Threads& threads,
                   Scratch scratch, ForwardScale<Precise<T>> forward = {}) {
  if constexpr (kIsReference<T>)
    reference::batch_norm_data_gradient<T>(x, y, dy, mean, by.a, by.b, by.c0, f, dx, forward);
  else
    batch_norm_data_gradient<T>(x, y, dy, mean, by.a, by.b, by.c0, f, dx, threads, std::move(scratch), forward);
}

}  // namespace

template <class T>
void run(const Moments& task, const KernelCall& c, T) {
  using S = Precise<T>;
  const Matrix<const T> x = c.in_rows<T>(0);
  const RowGroups groups(x.rows, task.rows_of_group);
  for (std::int64_t group = 0; group < groups.count(); ++group) {
    const auto mean = out_row_of<S>(c, 0, group), variance = out_row_of<S>(c, 1, group);
    if constexpr (kIsReference<T>)
      reference::channel_moments<T>(groups.part(x, group), mean, variance);
    else
      channel_moments<T>(groups.part(x, group), mean, variance, c.threads(), c.scratch());
  }
}

template <class T>
void run(const MomentsGradient& task, const KernelCall& c, T) {
  using S = Precise<T>;
  const Matrix<const T> x = c.in_rows<T>(0);
  Scratch scratch = c.scratch();
  const Coefficients<S> by(scratch, x.columns);
  moments_gradient_coefficients<S>(c.in_if_any<S>(2), c.in_if_any<S>(3), task.rows > 0 ? task.rows : x.rows, by.a, by.b,
                                   by.c0);
  data_gradient<T>(x, x, x, c.in<S>(1), by, Activation::linear, c.out_rows<T>(0), c.threads(), scratch.rest());
}

template <class T>
void run(const Normalize& task, const KernelCall& c, T) {
  using S = Precise<T>;
  const Matrix<const T> x = c.in_rows<T>(0);
  const RowGroups groups(x.rows, task.rows_of_group);
  for (std::int64_t group = 0; group < groups.count(); ++group) {
    Scratch scratch = c.scratch();
    const ScaleAndShift<S> by(c, scratch, row_of<S>(c, 3, group), row_of<S>(c, 4, group), 1, 2);
    if (task.pool) {
      if constexpr (kIsReference<T>)
        reference::batch_norm_pool<T>(pooled(task, by), c.in<T>(0), c.out<T>(0));
      else
        batch_norm_pool<T>(pooled(task, by), c.in<T>(0), c.out<T>(0), c.threads(), scratch.rest());
    } else {
      const Matrix<T> y = groups.part(c.out_rows<T>(0), group);
      if constexpr (kIsReference<T>)
        reference::scale_shift<T>(groups.part(x, group), by.scale, by.shift, task.f, y);
      else
        scale_shift<T>(groups.part(x, group), by.scale, by.shift, task.f, y, c.threads(), scratch.rest());
    }
  }
}

template <class T>
void run(const NormalizeSums& task, const KernelCall& c, T) {
  using S = Precise<T>;
  const Matrix<const T> x = c.in_rows<T>(0), dy = c.in_rows<T>(2), y = c.has(1) ? c.in_rows<T>(1) : dy;
  const RowGroups groups(x.rows, task.rows_of_group);
  for (std::int64_t group = 0; group < groups.count(); ++group) {
    const auto mean = row_of<S>(c, 5, group), inv_std = row_of<S>(c, 6, group);
    const auto dgamma = out_row_of<S>(c, 0, group), dbeta = out_row_of<S>(c, 1, group);
    if (task.pool) {
      Scratch scratch = c.scratch();
      const PooledNormalization<S> of = pooled(task, ScaleAndShift<S>(c, scratch, mean, inv_std, 3, 4));
      const auto pooled_y = c.has(1) ? c.in<T>(1) : c.in<T>(2);
      if constexpr (kIsReference<T>)
        reference::batch_norm_pool_sums<T>(of, c.in<T>(0), pooled_y, c.in<T>(2), mean, inv_std, dgamma, dbeta);
      else
        batch_norm_pool_sums<T>(of, c.in<T>(0), pooled_y, c.in<T>(2), mean, inv_std, dgamma, dbeta, c.threads(),
                                scratch.rest());
    } else {
      const auto xs = groups.part(x, group), ys = groups.part(y, group), dys = groups.part(dy, group);
      Scratch scratch = c.scratch();
      const auto forward = forward_scale<S>(task, c, scratch, mean, inv_std);
      if constexpr (kIsReference<T>)
        reference::batch_norm_sums<T>(xs, ys, dys, mean, inv_std, task.f, dgamma, dbeta, forward);
      else
        batch_norm_sums<T>(xs, ys, dys, mean, inv_std, task.f, dgamma, dbeta, c.threads(), scratch.rest(), forward);
    }
  }
}

template <class T>
void run(const NormalizeDataGradient& task, const KernelCall& c, T) {
  using S = Precise<T>;
  const Matrix<const T> x = c.in_rows<T>(0), dy = c.in_rows<T>(2), y = c.has(1) ? c.in_rows<T>(1) : dy;
  const RowGroups groups(x.rows, task.rows_of_group);
  const bool of_batch = c.mode().statistics == Statistics::batch;
  for (std::int64_t group = 0; group < groups.count(); ++group) {
    Scratch scratch = c.scratch();
    const auto mean = row_of<S>(c, 5, group), inv_std = row_of<S>(c, 6, group);
    const Coefficients<S> by(scratch, x.columns);
    data_gradient_coefficients<S>(c.in_if_any<S>(3), inv_std, row_of<S>(c, 7, group), row_of<S>(c, 8, group),
                                  !of_batch       ? 0
                                  : task.rows > 0 ? task.rows
                                                  : groups.size(group),
                                  by.a, by.b, by.c0);
    if (task.pool) {
      const PooledNormalization<S> of = pooled(task, ScaleAndShift<S>(c, scratch, mean, inv_std, 3, 4));
      const auto pooled_y = c.has(1) ? c.in<T>(1) : c.in<T>(2);
      if constexpr (kIsReference<T>)
        reference::batch_norm_pool_data_gradient<T>(of, c.in<T>(0), pooled_y, c.in<T>(2), mean, by.a, by.b, by.c0,
                                                    c.out<T>(0));
      else
        batch_norm_pool_data_gradient<T>(of, c.in<T>(0), pooled_y, c.in<T>(2), mean, by.a, by.b, by.c0, c.out<T>(0),
                                         c.threads(), scratch.rest());
    } else {
      const auto forward = forward_scale<S>(task, c, scratch, mean, inv_std);
      data_gradient<T>(groups.part(x, group), groups.part(y, group), groups.part(dy, group), mean, by, task.f,
                       groups.part(c.out_rows<T>(0), group), c.threads(), scratch.rest(), forward);
    }
  }
}

namespace {

/// A vector per channel that may be absent; then a vector of `otherwise`.
template <class S>
std::span<const S> vector_or(const KernelCall& c, int input, S otherwise, Scratch& scratch, std::int64_t channels) {
  if (c.has(input)) return c.in<S>(input);
  const std::span<S> made = vector_of<S>(scratch, channels);
  std::ranges::fill(made, otherwise);
  return made;
}

}  // namespace

template <class T>
void run(const GroupNorm& task, const KernelCall& c, T) {
  using S = Precise<T>;
  Scratch scratch = c.scratch();
  const auto gamma = vector_or(c, 1, S{1}, scratch, task.grouping.channels);
  const auto beta = vector_or(c, 2, S{0}, scratch, task.grouping.channels);
  if constexpr (kIsReference<T>)
    reference::group_norm<T>(c.in<T>(0), task.grouping, task.epsilon, gamma, beta, c.out<T>(0), c.out<S>(1),
                             c.out<S>(2));
  else
    group_norm<T>(c.in<T>(0), task.grouping, task.epsilon, gamma, beta, c.out<T>(0), c.out<S>(1), c.out<S>(2),
                  c.threads(), scratch.rest());
}

template <class T>
void run(const GroupNormGradient& task, const KernelCall& c, T) {
  using S = Precise<T>;
  Scratch scratch = c.scratch();
  const auto gamma = vector_or(c, 2, S{1}, scratch, task.grouping.channels);
  if constexpr (kIsReference<T>)
    reference::group_norm_gradient<T>(c.in<T>(0), c.in<T>(1), task.grouping, gamma, c.in<S>(3), c.in<S>(4), c.out<T>(0),
                                      c.out<S>(1), c.out<S>(2));
  else
    group_norm_gradient<T>(c.in<T>(0), c.in<T>(1), task.grouping, gamma, c.in<S>(3), c.in<S>(4), c.out<T>(0),
                           c.out<S>(1), c.out<S>(2), c.threads(), scratch.rest());
}

#define INSTANTIATE(Task)                                      \
  template void run(const Task&, const KernelCall&, float);    \
  template void run(const Task&, const KernelCall&, bfloat16); \
  template void run(const Task&, const KernelCall&, double);
INSTANTIATE(Moments)
INSTANTIATE(MomentsGradient)
INSTANTIATE(Normalize)
INSTANTIATE(NormalizeSums)
INSTANTIATE(NormalizeDataGradient)
INSTANTIATE(GroupNorm)
INSTANTIATE(GroupNormGradient)
#undef INSTANTIATE

}  // namespace evenkeel::kernels
