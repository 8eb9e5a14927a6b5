#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "evenkeel/config/fields.h"
#include "evenkeel/kernels/elementwise/activation.h"

namespace evenkeel {

/// An activation by name, with its parameters if it has any: Keras's, and those of PyTorch that Keras lacks. As text:
/// "relu", "elu(0.5)", "leaky_relu(0.01)", "clip(-1, 1)"; kernels::Activation::Kind has the formulas. elu alone is
/// elu(1), leaky_relu alone has Keras's slope 0.2, relu6 is clip(0, 6), and swish is silu's other name.
struct ActivationFunction {
  using Kind = kernels::Activation::Kind;

  kernels::Activation element = {};  ///< the function of each element, unless it is the softmax
  bool is_softmax = false;           ///< over the last axis
  bool is_log = false;               ///< of a softmax: its logarithm

  constexpr bool is(Kind kind) const { return !is_softmax && element.kind == kind; }
  /// elu(0.5), leaky_relu(0.01): the same with another parameter. Throws std::logic_error for one without.
  constexpr ActivationFunction operator()(double a) const {
    if (!is(Kind::elu) && !is(Kind::leaky_relu)) throw std::logic_error("an activation without a parameter");
    return {kernels::Activation{element.kind, a}};
  }
  /// x between low and high, else the nearer of them.
  static constexpr ActivationFunction clip(double low, double high) {
    return {kernels::Activation{Kind::clip, low, high}};
  }
  bool operator==(const ActivationFunction&) const = default;

  static const ActivationFunction linear, relu, elu, sigmoid, tanh, leaky_relu, selu, relu6, softplus, softsign,
      hard_sigmoid, gelu, gelu_tanh, silu, swish, mish, hard_swish, softmax, log_softmax;
};

inline constexpr ActivationFunction ActivationFunction::linear{kernels::Activation::linear};
inline constexpr ActivationFunction ActivationFunction::relu{kernels::Activation::relu};
inline constexpr ActivationFunction ActivationFunction::elu{kernels::Activation::elu};
inline constexpr ActivationFunction ActivationFunction::sigmoid{kernels::Activation::sigmoid};
inline constexpr ActivationFunction ActivationFunction::tanh{kernels::Activation::tanh};
inline constexpr ActivationFunction ActivationFunction::leaky_relu{kernels::Activation::leaky_relu};
inline constexpr ActivationFunction ActivationFunction::selu{kernels::Activation::selu};
inline constexpr ActivationFunction ActivationFunction::relu6{kernels::Activation::relu6};
inline constexpr ActivationFunction ActivationFunction::softplus{kernels::Activation::softplus};
inline constexpr ActivationFunction ActivationFunction::softsign{kernels::Activation::softsign};
inline constexpr ActivationFunction ActivationFunction::hard_sigmoid{kernels::Activation::hard_sigmoid};
inline constexpr ActivationFunction ActivationFunction::gelu{kernels::Activation::gelu};
inline constexpr ActivationFunction ActivationFunction::gelu_tanh{kernels::Activation::gelu_tanh};
inline constexpr ActivationFunction ActivationFunction::silu{kernels::Activation::silu};
inline constexpr ActivationFunction ActivationFunction::swish{kernels::Activation::silu};
inline constexpr ActivationFunction ActivationFunction::mish{kernels::Activation::mish};
inline constexpr ActivationFunction ActivationFunction::hard_swish{kernels::Activation::hard_swish};
inline constexpr ActivationFunction ActivationFunction::softmax{.is_softmax = true};
inline constexpr ActivationFunction ActivationFunction::log_softmax{.is_softmax = true, .is_log = true};

/// The activations' names without their type: after `using namespace evenkeel::activations;` one can write
/// Activation{elu}, Dense{.activation = relu}, Activation{leaky_relu(0.01)}. Without it, `relu` and `tanh` are free for
/// the user's own code.
namespace activations {

inline constexpr ActivationFunction linear = ActivationFunction::linear, relu = ActivationFunction::relu,
                                    elu = ActivationFunction::elu, sigmoid = ActivationFunction::sigmoid,
                                    tanh = ActivationFunction::tanh, softmax = ActivationFunction::softmax,
                                    log_softmax = ActivationFunction::log_softmax,
                                    leaky_relu = ActivationFunction::leaky_relu, selu = ActivationFunction::selu,
                                    relu6 = ActivationFunction::relu6, softplus = ActivationFunction::softplus,
                                    softsign = ActivationFunction::softsign,
                                    hard_sigmoid = ActivationFunction::hard_sigmoid, gelu = ActivationFunction::gelu,
                                    gelu_tanh = ActivationFunction::gelu_tanh, silu = ActivationFunction::silu,
                                    swish = ActivationFunction::swish, mish = ActivationFunction::mish,
                                    hard_swish = ActivationFunction::hard_swish;
constexpr ActivationFunction clip(double low, double high) { return ActivationFunction::clip(low, high); }

}  // namespace activations

/// "relu", "elu(0.5)"
std::string name_of(const ActivationFunction& f);

bool convert(const FieldValue& from, ActivationFunction& to);
FieldValue field_value(const ActivationFunction& value);
std::string kind_of(const ActivationFunction&);
/// The names without parameters.
std::vector<std::string> choices_of(const ActivationFunction&);

}  // namespace evenkeel
