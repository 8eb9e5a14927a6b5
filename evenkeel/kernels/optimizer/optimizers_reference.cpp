#include "evenkeel/kernels/optimizer/optimizers_reference.h"

#include <algorithm>
#include <cmath>

namespace evenkeel::kernels::reference {
namespace {

double adjusted_gradient(const Adjustment& adjustment, double g) {
  return std::clamp(g * adjustment.gradient_scale, -adjustment.clip_value, adjustment.clip_value);
}

double decayed(const Adjustment& adjustment, double p) { return p - adjustment.decay * p; }

}  // namespace

template <class T>
void sgd(std::span<T> parameters, std::span<const T> gradients, std::span<T> velocity, double learning_rate,
         double momentum, bool nesterov, const Adjustment& adjustment) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const double step = -learning_rate * adjusted_gradient(adjustment, double{gradients[i]});
    double change = step;
    if (momentum != 0) {
      const double v = momentum * double{velocity[i]} + step;
      velocity[i] = static_cast<T>(v);
      change = nesterov ? momentum * v + step : v;
    }
    parameters[i] = static_cast<T>(decayed(adjustment, double{parameters[i]}) + change);
  }
}

template <class T>
void adam(std::span<T> parameters, std::span<const T> gradients, std::span<T> m, std::span<T> v, double alpha,
          double beta_1, double beta_2, double epsilon, const Adjustment& adjustment) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const double g = adjusted_gradient(adjustment, double{gradients[i]});
    const double new_m = double{m[i]} + (g - double{m[i]}) * (1 - beta_1);
    const double new_v = double{v[i]} + (g * g - double{v[i]}) * (1 - beta_2);
    m[i] = static_cast<T>(new_m);
    v[i] = static_cast<T>(new_v);
    parameters[i] =
        static_cast<T>(decayed(adjustment, double{parameters[i]}) - alpha * new_m / (std::sqrt(new_v) + epsilon));
  }
}

template <class T>
void moving_average(std::span<const T> x, double weight, std::span<T> average) {
  for (std::size_t i = 0; i < x.size(); ++i)
    average[i] = static_cast<T>(double{average[i]} + weight * (double{x[i]} - double{average[i]}));
}

template <class T>
double squared_norm(std::span<const T> x) {
  double sum = 0;
  for (const T value : x) sum += double{value} * double{value};
  return sum;
}

#define INSTANTIATE(T)                                                                                             \
  template void sgd(std::span<T>, std::span<const T>, std::span<T>, double, double, bool, const Adjustment&);      \
  template void adam(std::span<T>, std::span<const T>, std::span<T>, std::span<T>, double, double, double, double, \
                     const Adjustment&);                                                                           \
  template void moving_average(std::span<const T>, double, std::span<T>);                                          \
  template double squared_norm(std::span<const T>);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::kernels::reference
