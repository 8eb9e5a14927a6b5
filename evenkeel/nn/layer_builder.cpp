#include "evenkeel/nn/layer_builder.h"

#include <stdexcept>

#include "evenkeel/program/ops/activation.h"
#include "evenkeel/program/ops/elementwise.h"

namespace evenkeel {
namespace {

kernels::Activation kernel_of(ActivationFunction f) {
  using enum ActivationFunction;
  switch (f) {
    case relu: return kernels::Activation::relu;
    case elu: return kernels::Activation::elu;
    case sigmoid: return kernels::Activation::sigmoid;
    case ActivationFunction::tanh: return kernels::Activation::tanh;
    case leaky_relu: return kernels::Activation::leaky_relu;
    case linear: return kernels::Activation::linear;
    case softmax: break;  // depends on a whole row, not on an element: an op of its own
  }
  throw std::logic_error("an activation that is not element-wise");
}

}  // namespace

Value LayerBuilder::parameter(const std::string& name, const Shape& shape, const Initializer& initializer,
                              const std::optional<L2>& regularizer) {
  const std::string full = layer_ + '/' + name;
  weights_.push_back({.name = full,
                      .shape = shape,
                      .is_state = false,
                      .trainable = trainable_,
                      .initializer = initializer,
                      .layer = index_,
                      .l2 = regularizer && trainable_ ? regularizer->l2 : 0,
                      .axis = axis_});
  return program_.parameter(full, shape, trainable_);
}

Value LayerBuilder::state(const std::string& name, const Shape& shape, const Initializer& initializer) {
  const std::string full = layer_ + '/' + name;
  weights_.push_back({.name = full,
                      .shape = shape,
                      .is_state = true,
                      .trainable = false,
                      .initializer = initializer,
                      .layer = index_,
                      .axis = axis_});
  return program_.state(full, shape);
}

Value LayerBuilder::supplied(const std::string& name, const Shape& shape) {
  return program_.supplied(layer_ + '/' + name, shape);
}

Value LayerBuilder::factor(Value parameter) { return ops::cast(parameter, activation_type()); }

Value LayerBuilder::activate(ActivationFunction f, Value x) {
  if (f == ActivationFunction::linear) return x;
  if (f == ActivationFunction::softmax) return emit(ops::Softmax(), {ops::cast(x, program_.real())}, "softmax");
  return emit(ops::Activation(kernel_of(f)), {x}, "activation");
}

}  // namespace evenkeel
