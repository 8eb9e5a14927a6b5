#include "evenkeel/kernels/elementwise/activation_reference.h"

#include <algorithm>
#include <cmath>

namespace evenkeel::kernels::reference {

double activation(Activation f, double x) {
  switch (f) {
    case Activation::linear: return x;
    case Activation::relu: return x < 0 ? 0 : x;
    case Activation::elu: return x > 0 ? x : std::expm1(x);
    case Activation::sigmoid: return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
    case Activation::tanh: return std::tanh(x);
    case Activation::leaky_relu: return x > 0 ? x : double{kLeakySlope} * x;
  }
  return x;
}

double activation_slope(Activation f, double y) {
  switch (f) {
    case Activation::linear: return 1;
    case Activation::relu: return y > 0 ? 1 : 0;
    case Activation::elu: return y > 0 ? 1 : y + 1;
    case Activation::sigmoid: return y * (1 - y);
    case Activation::tanh: return 1 - y * y;
    case Activation::leaky_relu: return y > 0 ? 1 : double{kLeakySlope};
  }
  return 1;
}

template <class T>
void activate(Activation f, std::span<const T> x, std::span<T> y) {
  for (std::size_t i = 0; i < x.size(); ++i) y[i] = static_cast<T>(activation(f, double{x[i]}));
}

template <class T>
void activate_gradient(Activation f, std::span<const T> y, std::span<const T> dy, std::span<T> dx) {
  for (std::size_t i = 0; i < y.size(); ++i) dx[i] = static_cast<T>(double{dy[i]} * activation_slope(f, double{y[i]}));
}

template <class T>
void softmax(Matrix<const T> x, Matrix<T> y) {
  for (std::int64_t i = 0; i < x.rows; ++i) {
    const double largest = *std::max_element(x.row(i), x.row(i) + x.columns);
    double sum = 0;
    for (std::int64_t j = 0; j < x.columns; ++j) sum += std::exp(double{x.row(i)[j]} - largest);
    for (std::int64_t j = 0; j < x.columns; ++j)
      y.row(i)[j] = static_cast<T>(std::exp(double{x.row(i)[j]} - largest) / sum);
  }
}

template <class T>
void softmax_gradient(Matrix<const T> y, Matrix<const T> dy, Matrix<T> dx) {
  for (std::int64_t i = 0; i < y.rows; ++i) {
    double dot = 0;
    for (std::int64_t j = 0; j < y.columns; ++j) dot += double{dy.row(i)[j]} * double{y.row(i)[j]};
    for (std::int64_t j = 0; j < y.columns; ++j)
      dx.row(i)[j] = static_cast<T>(double{y.row(i)[j]} * (double{dy.row(i)[j]} - dot));
  }
}

#define INSTANTIATE(T)                                                                               \
  template void activate(Activation, std::span<const T>, std::span<T>);                              \
  template void activate_gradient(Activation, std::span<const T>, std::span<const T>, std::span<T>); \
  template void softmax(Matrix<const T>, Matrix<T>);                                                 \
  template void softmax_gradient(Matrix<const T>, Matrix<const T>, Matrix<T>);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::kernels::reference
