#include "evenkeel/kernels/normalization/batch_norm_reference.h"

#include <vector>

#include "evenkeel/kernels/elementwise/activation_reference.h"
#include "evenkeel/kernels/probe/moments_reference.h"

namespace evenkeel::kernels::reference {
namespace {

/// sum over the rows of term(row, column), for each column
template <class T, class Term>
void sum_columns(std::int64_t rows, std::int64_t columns, std::span<T> sums, Term term) {
  for (std::int64_t c = 0; c < columns; ++c) {
    double sum = 0;
    for (std::int64_t i = 0; i < rows; ++i) sum += term(i, c);
    sums[c] = static_cast<T>(sum);
  }
}

/// What a gradient of f(z) reads.
template <class T>
struct Seen {
  Matrix<const T> x, y, dy;
  Activation f;
  ForwardScale<T> forward;

  /// The gradient of z at row i and column c.
  double dz(std::int64_t i, std::int64_t c) const {
    const auto dy_at = double{dy.row(i)[c]};
    if (f == Activation::linear) return dy_at;
    if (f.is_monotone()) return dy_at * activation_slope(f, double{y.row(i)[c]});
    return dy_at * activation_slope(f, double{x.row(i)[c]} * double{forward.scale[c]} + double{forward.shift[c]});
  }
};

}  // namespace

template <class T>
void channel_moments(Matrix<const T> x, std::span<T> mean, std::span<T> variance) {
  const auto channels = static_cast<std::size_t>(x.columns);
  std::vector<double> exact_mean(channels), m2(channels);
  accumulate_moments(x, 0.0, std::span(exact_mean), std::span(m2));
  for (std::size_t c = 0; c < channels; ++c) {
    mean[c] = static_cast<T>(exact_mean[c]);
    variance[c] = static_cast<T>(m2[c] / static_cast<double>(x.rows));
  }
}

template <class T>
void channel_sums(Matrix<const T> x, std::span<T> sums) {
  sum_columns(x.rows, x.columns, sums, [&](std::int64_t i, std::int64_t c) { return double{x.row(i)[c]}; });
}

template <class T>
void channel_products(Matrix<const T> a, Matrix<const T> b, std::span<T> sums) {
  sum_columns(a.rows, a.columns, sums,
              [&](std::int64_t i, std::int64_t c) { return double{a.row(i)[c]} * double{b.row(i)[c]}; });
}

template <class T>
void scale_shift(Matrix<const T> x, std::span<const T> scale, std::span<const T> shift, Activation f, Matrix<T> y) {
  for (std::int64_t i = 0; i < x.rows; ++i)
    for (std::int64_t c = 0; c < x.columns; ++c)
      y.row(i)[c] = static_cast<T>(activation(f, double{x.row(i)[c]} * double{scale[c]} + double{shift[c]}));
}

template <class T>
void batch_norm_sums(Matrix<const T> x, Matrix<const T> y, Matrix<const T> dy, std::span<const T> mean,
                     std::span<const T> inv_std, Activation f, std::span<T> dgamma, std::span<T> dbeta,
                     ForwardScale<T> forward) {
  const Seen<T> seen{x, y, dy, f, forward};
  sum_columns(x.rows, x.columns, dbeta, [&](std::int64_t i, std::int64_t c) { return seen.dz(i, c); });
  sum_columns(x.rows, x.columns, dgamma, [&](std::int64_t i, std::int64_t c) {
    return seen.dz(i, c) * (double{x.row(i)[c]} - double{mean[c]}) * double{inv_std[c]};
  });
}

template <class T>
void batch_norm_data_gradient(Matrix<const T> x, Matrix<const T> y, Matrix<const T> dy, std::span<const T> mean,
                              std::span<const T> a, std::span<const T> b, std::span<const T> c0, Activation f,
                              Matrix<T> dx, ForwardScale<T> forward) {
  const Seen<T> seen{x, y, dy, f, forward};
  for (std::int64_t i = 0; i < x.rows; ++i)
    for (std::int64_t c = 0; c < x.columns; ++c)
      dx.row(i)[c] = static_cast<T>(double{a[c]} * seen.dz(i, c) +
                                    double{b[c]} * (double{x.row(i)[c]} - double{mean[c]}) + double{c0[c]});
}

#define INSTANTIATE(T)                                                                                           \
  template void channel_moments(Matrix<const T>, std::span<T>, std::span<T>);                                    \
  template void channel_sums(Matrix<const T>, std::span<T>);                                                     \
  template void channel_products(Matrix<const T>, Matrix<const T>, std::span<T>);                                \
  template void scale_shift(Matrix<const T>, std::span<const T>, std::span<const T>, Activation, Matrix<T>);     \
  template void batch_norm_sums(Matrix<const T>, Matrix<const T>, Matrix<const T>, std::span<const T>,           \
                                std::span<const T>, Activation, std::span<T>, std::span<T>, ForwardScale<T>);    \
  template void batch_norm_data_gradient(Matrix<const T>, Matrix<const T>, Matrix<const T>, std::span<const T>,  \
                                         std::span<const T>, std::span<const T>, std::span<const T>, Activation, \
                                         Matrix<T>, ForwardScale<T>);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::kernels::reference
