#include "evenkeel/kernels/elementwise/activation_reference.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace evenkeel::kernels::reference {

namespace {

using Kind = Activation::Kind;

double logistic(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

/// The normal distribution and its density.
double normal(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }
double normal_density(double x) { return std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi / std::numbers::sqrt2; }

/// gelu_tanh(x) = x logistic(steepness(x)), and the derivative of that argument.
const double kSteep = 2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
double steepness(double x) { return kSteep * (x + 0.044715 * x * x * x); }
double steepness_slope(double x) { return kSteep * (1 + 3 * 0.044715 * x * x); }

/// The g of f(x) = x g(x), for the activations that are not monotone.
double gate(Activation f, double x) {
  switch (f.kind) {
    case Kind::gelu: return normal(x);
    case Kind::gelu_tanh: return logistic(steepness(x));
    case Kind::silu: return logistic(x);
    // tanh(log(u)) = (u^2 - 1) / (u^2 + 1), with u^2 - 1 = e^x (e^x + 2)
    case Kind::mish:
      return x > 0 ? std::tanh(softplus(x)) : std::exp(x) * (std::exp(x) + 2) / (std::exp(x) * (std::exp(x) + 2) + 2);
    default: return std::clamp(x + 3, 0.0, 6.0) / 6;
  }
}

/// x g'(x)
double gate_change(Activation f, double x) {
  const double g = gate(f, x);
  if (g == 0 || g == 1) return 0;  // where x may be infinite
  switch (f.kind) {
    case Kind::gelu: return x * normal_density(x);
    case Kind::gelu_tanh: return x * g * logistic(-steepness(x)) * steepness_slope(x);
    case Kind::silu: return x * g * logistic(-x);
    case Kind::mish: return x * std::pow(std::cosh(softplus(x)), -2) * logistic(x);
    default: return x / 6;
  }
}

/// Of a row: its largest number, and the sum of exp(x - largest).
struct ScaledExponentials {
  double largest, sum;
};

template <class T>
ScaledExponentials scaled_exponentials(Matrix<const T> x, std::int64_t row) {
  ScaledExponentials of{*std::max_element(x.row(row), x.row(row) + x.columns), 0};
  for (std::int64_t j = 0; j < x.columns; ++j) of.sum += std::exp(double{x.row(row)[j]} - of.largest);
  return of;
}

}  // namespace

double activation(Activation f, double x) {
  switch (f.kind) {
    case Kind::linear: return x;
    case Kind::relu: return x < 0 ? 0 : x;
    case Kind::elu: return x > 0 ? x : f.a * std::expm1(x);
    case Kind::sigmoid: return logistic(x);
    case Kind::tanh: return std::tanh(x);
    case Kind::leaky_relu: return x > 0 ? x : f.a * x;
    case Kind::selu: return kSeluScale * (x > 0 ? x : kSeluAlpha * std::expm1(x));
    case Kind::clip: return x < f.a ? f.a : x > f.b ? f.b : x;
    case Kind::softplus: return std::isnan(x) ? x : softplus(x);
    case Kind::softsign: return std::isinf(x) ? std::copysign(1, x) : x / (1 + std::abs(x));
    case Kind::hard_sigmoid: return std::isnan(x) ? x : std::clamp(x + 3, 0.0, 6.0) / 6;
    case Kind::gelu:
    case Kind::gelu_tanh:
    case Kind::silu:
    case Kind::mish:
    case Kind::hard_swish: {
      const double g = gate(f, x);
      return g == 0 ? 0 : x * g;  // not -infinity * 0
    }
  }
  return x;
}

double activation_slope(Activation f, double y) {
  switch (f.kind) {
    case Kind::linear: return 1;
    case Kind::relu: return y > 0 ? 1 : 0;
    case Kind::elu: return y > 0 ? 1 : y + f.a;
    case Kind::sigmoid: return y * (1 - y);
    case Kind::tanh: return 1 - y * y;
    case Kind::leaky_relu: return y > 0 ? 1 : f.a;
    case Kind::selu: return y > 0 ? kSeluScale : y + kSeluScale * kSeluAlpha;
    case Kind::clip: return y > f.a && y < f.b ? 1 : 0;
    case Kind::softplus: return -std::expm1(-y);
    case Kind::softsign: return (1 - std::abs(y)) * (1 - std::abs(y));
    case Kind::hard_sigmoid: return y > 0 && y < 1 ? 1.0 / 6 : 0;
    case Kind::gelu:
    case Kind::gelu_tanh:
    case Kind::silu:
    case Kind::mish:
    case Kind::hard_swish: return gate(f, y) + gate_change(f, y);
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
    const auto [largest, sum] = scaled_exponentials(x, i);
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

template <class T>
void log_softmax(Matrix<const T> x, Matrix<T> y) {
  for (std::int64_t i = 0; i < x.rows; ++i) {
    const auto [largest, sum] = scaled_exponentials(x, i);
    const double offset = largest + std::log(sum);
    for (std::int64_t j = 0; j < x.columns; ++j) y.row(i)[j] = static_cast<T>(double{x.row(i)[j]} - offset);
  }
}

template <class T>
void log_softmax_gradient(Matrix<const T> y, Matrix<const T> dy, Matrix<T> dx) {
  for (std::int64_t i = 0; i < y.rows; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < y.columns; ++j) sum += double{dy.row(i)[j]};
    for (std::int64_t j = 0; j < y.columns; ++j)
      dx.row(i)[j] = static_cast<T>(double{dy.row(i)[j]} - std::exp(double{y.row(i)[j]}) * sum);
  }
}

#define INSTANTIATE(T)                                                                               \
  template void activate(Activation, std::span<const T>, std::span<T>);                              \
  template void activate_gradient(Activation, std::span<const T>, std::span<const T>, std::span<T>); \
  template void softmax(Matrix<const T>, Matrix<T>);                                                 \
  template void softmax_gradient(Matrix<const T>, Matrix<const T>, Matrix<T>);                       \
  template void log_softmax(Matrix<const T>, Matrix<T>);                                             \
  template void log_softmax_gradient(Matrix<const T>, Matrix<const T>, Matrix<T>);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::kernels::reference
