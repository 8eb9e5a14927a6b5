#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/matrix.h"

namespace evenkeel::kernels {

/// An element-wise activation: its kind, and up to two parameters. Names as in Keras, and PyTorch where Keras has none.
struct Activation {
  enum class Kind : std::uint8_t {
    linear,        ///< x
    relu,          ///< max(x, 0); slope 0 at 0
    elu,           ///< x for x > 0, else a (exp(x) - 1)
    sigmoid,       ///< 1 / (1 + exp(-x))
    tanh,          ///< tanh(x)
    leaky_relu,    ///< x for x > 0, else a x
    selu,          ///< 1.0507009873554805 times the elu of a = 1.6732632423543772. Klambauer et al. 2017
    clip,          ///< x between a and b, else the nearer of them; slope 0 at both
    softplus,      ///< log(1 + exp(x))
    softsign,      ///< x / (1 + |x|)
    hard_sigmoid,  ///< relu6(x + 3) / 6, as Keras 3 and PyTorch; that of Keras 2 was clip(0.2 x + 0.5, 0, 1)
    gelu,          ///< x P(x), with P the normal distribution. Hendrycks and Gimpel 2016
    gelu_tanh,     ///< x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2: about the gelu
    silu,          ///< x sigmoid(x); also known as swish
    mish,          ///< x tanh(softplus(x)). Misra 2019
    hard_swish,    ///< x hard_sigmoid(x), as Keras 3 and PyTorch
  };
  Kind kind = Kind::linear;
  double a = 0, b = 0;

  bool operator==(const Activation&) const = default;

  /// Whether a larger x never has a smaller f(x). Then f' is a function of f(x), and the gradient needs no x.
  constexpr bool is_monotone() const { return kind < Kind::gelu; }

  static const Activation linear, relu, elu, sigmoid, tanh, leaky_relu, selu, relu6, softplus, softsign, hard_sigmoid,
      gelu, gelu_tanh, silu, mish, hard_swish;
};

inline constexpr Activation Activation::linear{Kind::linear};
inline constexpr Activation Activation::relu{Kind::relu};
inline constexpr Activation Activation::elu{Kind::elu, 1};
inline constexpr Activation Activation::sigmoid{Kind::sigmoid};
inline constexpr Activation Activation::tanh{Kind::tanh};
inline constexpr Activation Activation::leaky_relu{Kind::leaky_relu, 0.2};  ///< Keras's activation (its layer: 0.3)
inline constexpr Activation Activation::selu{Kind::selu};
inline constexpr Activation Activation::relu6{Kind::clip, 0, 6};
inline constexpr Activation Activation::softplus{Kind::softplus};
inline constexpr Activation Activation::softsign{Kind::softsign};
inline constexpr Activation Activation::hard_sigmoid{Kind::hard_sigmoid};
inline constexpr Activation Activation::gelu{Kind::gelu};
inline constexpr Activation Activation::gelu_tanh{Kind::gelu_tanh};
inline constexpr Activation Activation::silu{Kind::silu};
inline constexpr Activation Activation::mish{Kind::mish};
inline constexpr Activation Activation::hard_swish{Kind::hard_swish};

/// selu's numbers.
inline constexpr double kSeluScale = 1.0507009873554804934193349852946, kSeluAlpha = 1.6732632423543772848170429916717;

/// "leaky_relu", "leaky_relu(0.01)", "clip(-1, 1)": without its parameters where they are the usual ones.
std::string name_of(const Activation& f);

/// y = f(x). x and y may be the same memory. Relative error at most 4 ulp; for those that are not monotone 8 ulp, and
/// more far below 0, where f tends to 0: exp(-v) has v / 2 ulp. NaN in, NaN out (for relu too); infinity has its limit.
template <class T = float>
void activate(Activation f, In<T> x, Out<T> y, const Threads& threads);

/// dx = dy * f'(x), with f' computed from y = f(x), or, if f is not monotone, from x itself in place of y. dx may be
/// the same memory as dy or y.
template <class T = float>
void activate_gradient(Activation f, In<T> y, In<T> dy, Out<T> dx, const Threads& threads);

/// Each row of y is the softmax of that row of x, computed from x minus its maximum. May be the same memory.
void softmax(Matrix<const float> x, Matrix<float> y, const Threads& threads);

/// dx = y * (dy - sum(dy * y)) per row, for y = softmax(x). dx may be dy's memory.
void softmax_gradient(Matrix<const float> y, Matrix<const float> dy, Matrix<float> dx, const Threads& threads);

/// The logarithm of the softmax, from x minus its maximum: finite where a probability is too small for float.
void log_softmax(Matrix<const float> x, Matrix<float> y, const Threads& threads);
/// dx = dy - exp(y) * sum(dy) per row, for y = log_softmax(x). dx may be dy's memory.
void log_softmax_gradient(Matrix<const float> y, Matrix<const float> dy, Matrix<float> dx, const Threads& threads);

}  // namespace evenkeel::kernels
