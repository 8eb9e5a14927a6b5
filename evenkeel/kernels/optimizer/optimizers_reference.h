#pragma once

#include <span>

#include "evenkeel/kernels/optimizer/optimizers.h"

// What optimizers.h promises, computed in double. For T float and double.

namespace evenkeel::kernels::reference {

template <class T>
void sgd(std::span<T> parameters, std::span<const T> gradients, std::span<T> velocity, double learning_rate,
         double momentum, bool nesterov, const Adjustment& adjustment);

template <class T>
void adam(std::span<T> parameters, std::span<const T> gradients, std::span<T> m, std::span<T> v, double alpha,
          double beta_1, double beta_2, double epsilon, const Adjustment& adjustment);

template <class T>
void moving_average(std::span<const T> x, double weight, std::span<T> average);

template <class T>
double squared_norm(std::span<const T> x);

}  // namespace evenkeel::kernels::reference
