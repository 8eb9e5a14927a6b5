#pragma once

#include <span>

#include "evenkeel/base/threads.h"

// One pass over a block of parameters. All spans have the same length.

namespace evenkeel::kernels {

/// Keras's SGD. momentum 0: p -= lr * g. Otherwise v = momentum * v - lr * g, then p += v,
/// or with Nesterov p += momentum * v - lr * g. `velocity` is not touched when momentum is 0 and may then be empty.
void sgd(std::span<float> parameters, std::span<const float> gradients, std::span<float> velocity, float learning_rate,
         float momentum, bool nesterov, const Threads& threads);

/// Keras's Adam: m += (g - m)(1 - beta_1), v += (g^2 - v)(1 - beta_2), p -= alpha * m / (sqrt(v) + epsilon),
/// where the caller computes alpha = lr * sqrt(1 - beta_2^t) / (1 - beta_1^t), t from 1.
void adam(std::span<float> parameters, std::span<const float> gradients, std::span<float> m, std::span<float> v,
          float alpha, float beta_1, float beta_2, float epsilon, const Threads& threads);

}  // namespace evenkeel::kernels
