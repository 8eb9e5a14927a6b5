#pragma once

#include <span>

// What ../optimizers.h promises, computed in double. For T float and double.

namespace evenkeel::kernels::reference {

template <class T>
void sgd(std::span<T> parameters, std::span<const T> gradients, std::span<T> velocity, double learning_rate,
         double momentum, bool nesterov);

template <class T>
void adam(std::span<T> parameters, std::span<const T> gradients, std::span<T> m, std::span<T> v, double alpha,
          double beta_1, double beta_2, double epsilon);

}  // namespace evenkeel::kernels::reference
