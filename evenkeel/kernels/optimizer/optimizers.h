#pragma once

#include <limits>
#include <span>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/scratch.h"

// One pass over a block of parameters. All spans have the same length.

namespace evenkeel::kernels {

/// What an update also does to gradients and parameters, in the same pass. The default changes nothing.
struct Adjustment {
  double gradient_scale = 1;                                    ///< g *= gradient_scale, first
  double clip_value = std::numeric_limits<double>::infinity();  ///< then g is limited to +-clip_value; NaN stays NaN
  double decay = 0;                                             ///< p -= decay * p, before the update

  bool operator==(const Adjustment&) const = default;
};

/// Keras's SGD. momentum 0: p -= lr * g. Otherwise v = momentum * v - lr * g, then p += v,
/// or with Nesterov p += momentum * v - lr * g. `velocity` is not touched when momentum is 0 and may then be empty.
void sgd(std::span<float> parameters, std::span<const float> gradients, std::span<float> velocity, float learning_rate,
         float momentum, bool nesterov, const Adjustment& adjustment, const Threads& threads);

/// Keras's Adam: m += (g - m)(1 - beta_1), v += (g^2 - v)(1 - beta_2), p -= alpha * m / (sqrt(v) + epsilon),
/// where the caller computes alpha = lr * sqrt(1 - beta_2^t) / (1 - beta_1^t), t from 1.
void adam(std::span<float> parameters, std::span<const float> gradients, std::span<float> m, std::span<float> v,
          float alpha, float beta_1, float beta_2, float epsilon, const Adjustment& adjustment, const Threads& threads);

/// average += weight * (x - average): an exponential moving average of momentum 1 - weight.
void moving_average(std::span<const float> x, float weight, std::span<float> average, const Threads& threads);

/// The sum of x^2, to 4e-6 of its value. Deterministic for a thread count.
double squared_norm(std::span<const float> x, const Threads& threads, Scratch scratch = {});

}  // namespace evenkeel::kernels
