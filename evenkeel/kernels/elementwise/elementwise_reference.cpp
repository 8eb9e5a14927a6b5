#include "evenkeel/kernels/elementwise/elementwise_reference.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "evenkeel/kernels/elementwise/activation_reference.h"

namespace evenkeel::kernels::reference {

template <class T>
void add(std::span<const T> a, std::span<const T> b, Activation f, std::span<T> y) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(activation(f, double{a[i]} + double{b[i]}));
}

template <class T>
void subtract(std::span<const T> a, std::span<const T> b, std::span<T> y) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(double{a[i]} - double{b[i]});
}

template <class T>
void multiply(std::span<const T> a, std::span<const T> b, std::span<T> y) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(double{a[i]} * double{b[i]});
}

template <class T>
void scale_offset(std::span<const T> x, double scale, double offset, std::span<T> y) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(scale * double{x[i]} + offset);
}

template <class T>
void rsqrt(std::span<const T> x, double epsilon, std::span<T> y) {
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double sum = double{x[i]} + epsilon;
    y[i] = sum > 0 ? static_cast<T>(1 / std::sqrt(sum)) : std::numeric_limits<T>::quiet_NaN();
  }
}

template <class T>
void add_bias(Matrix<const T> x, std::span<const T> bias, Activation f, Matrix<T> y) {
  for (std::int64_t i = 0; i < x.rows; ++i)
    for (std::int64_t c = 0; c < x.columns; ++c)
      y.row(i)[c] = static_cast<T>(activation(f, double{x.row(i)[c]} + double{bias[c]}));
}

template <class T>
void add_bias_gradient(Activation f, Matrix<const T> y, Matrix<const T> dy, Matrix<T> dx, std::span<T> dbias) {
  for (std::int64_t c = 0; c < dx.columns; ++c) {
    double sum = 0;
    for (std::int64_t i = 0; i < dx.rows; ++i) {
      const double dz = double{dy.row(i)[c]} * activation_slope(f, double{y.row(i)[c]});
      dx.row(i)[c] = static_cast<T>(dz);
      sum += dz;
    }
    dbias[c] = static_cast<T>(sum);
  }
}

template <class T>
void copy_columns_in(Matrix<const T> x, Matrix<T> y, std::int64_t at) {
  for (std::int64_t i = 0; i < x.rows; ++i) std::copy_n(x.row(i), x.columns, y.row(i) + at);
}

template <class T>
void copy_columns_out(Matrix<const T> x, std::int64_t at, Matrix<T> y) {
  for (std::int64_t i = 0; i < x.rows; ++i) std::copy_n(x.row(i) + at, y.columns, y.row(i));
}

#define INSTANTIATE(T)                                                                                    \
  template void add(std::span<const T>, std::span<const T>, Activation, std::span<T>);                    \
  template void subtract(std::span<const T>, std::span<const T>, std::span<T>);                           \
  template void multiply(std::span<const T>, std::span<const T>, std::span<T>);                           \
  template void scale_offset(std::span<const T>, double, double, std::span<T>);                           \
  template void rsqrt(std::span<const T>, double, std::span<T>);                                          \
  template void add_bias(Matrix<const T>, std::span<const T>, Activation, Matrix<T>);                     \
  template void add_bias_gradient(Activation, Matrix<const T>, Matrix<const T>, Matrix<T>, std::span<T>); \
  template void copy_columns_in(Matrix<const T>, Matrix<T>, std::int64_t);                                \
  template void copy_columns_out(Matrix<const T>, std::int64_t, Matrix<T>);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::kernels::reference
