#pragma once

#include <span>
#include <string_view>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"

namespace evenkeel::kernels {

/// The element-wise activations, as Keras defines them. Every derivative is a function of the output y alone.
enum class Activation {
  linear,      ///< x
  relu,        ///< max(x, 0); slope 0 at 0
  elu,         ///< x for x > 0, else exp(x) - 1
  sigmoid,     ///< 1 / (1 + exp(-x))
  tanh,        ///< tanh(x)
  leaky_relu,  ///< x for x > 0, else 0.2 x (Keras's activation; its LeakyReLU layer defaults to 0.3)
};

/// Keras's name: "leaky_relu".
std::string_view name_of(Activation f);

inline constexpr float kLeakySlope = 0.2f;

/// y = f(x). x and y may be the same memory. Relative error at most 4 ulp. NaN in, NaN out (for relu too).
template <class T = float>
void activate(Activation f, In<T> x, Out<T> y, const Threads& threads);

/// dx = dy * f'(x), with f' computed from y = f(x). dx may be the same memory as dy or y.
template <class T = float>
void activate_gradient(Activation f, In<T> y, In<T> dy, Out<T> dx, const Threads& threads);

/// Each row of y is the softmax of that row of x, computed from x minus its maximum. May be the same memory.
void softmax(Matrix<const float> x, Matrix<float> y, const Threads& threads);

/// dx = y * (dy - sum(dy * y)) per row, for y = softmax(x). dx may be dy's memory.
void softmax_gradient(Matrix<const float> y, Matrix<const float> dy, Matrix<float> dx, const Threads& threads);

}  // namespace evenkeel::kernels
