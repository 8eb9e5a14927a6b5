#include "evenkeel/kernels/reference/optimizers.h"

#include <cmath>

namespace evenkeel::kernels::reference {

template <class T>
void sgd(std::span<T> parameters, std::span<const T> gradients, std::span<T> velocity, double learning_rate,
         double momentum, bool nesterov) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const double step = -learning_rate * double{gradients[i]};
    double change = step;
    if (momentum != 0) {
      const double v = momentum * double{velocity[i]} + step;
      velocity[i] = static_cast<T>(v);
      change = nesterov ? momentum * v + step : v;
    }
    parameters[i] = static_cast<T>(double{parameters[i]} + change);
  }
}

template <class T>
void adam(std::span<T> parameters, std::span<const T> gradients, std::span<T> m, std::span<T> v, double alpha,
          double beta_1, double beta_2, double epsilon) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const double g{gradients[i]};
    const double new_m = double{m[i]} + (g - double{m[i]}) * (1 - beta_1);
    const double new_v = double{v[i]} + (g * g - double{v[i]}) * (1 - beta_2);
    m[i] = static_cast<T>(new_m);
    v[i] = static_cast<T>(new_v);
    parameters[i] = static_cast<T>(double{parameters[i]} - alpha * new_m / (std::sqrt(new_v) + epsilon));
  }
}

#define INSTANTIATE(T)                                                                     \
  template void sgd(std::span<T>, std::span<const T>, std::span<T>, double, double, bool); \
  template void adam(std::span<T>, std::span<const T>, std::span<T>, std::span<T>, double, double, double, double);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace evenkeel::kernels::reference
