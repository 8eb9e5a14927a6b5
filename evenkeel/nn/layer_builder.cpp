#include "evenkeel/nn/layer_builder.h"

#include "evenkeel/program/ops/activation.h"
#include "evenkeel/program/ops/elementwise.h"

namespace evenkeel {

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

Value LayerBuilder::activate(const ActivationFunction& f, Value x) {
  if (f == ActivationFunction::linear) return x;
  // Softmax depends on a whole row, not on an element: an op of its own.
  if (f.is_softmax) return emit(ops::Softmax(f.is_log), {ops::cast(x, program_.real())}, name_of(f));
  return emit(ops::Activation(f.element), {x}, "activation");
}

}  // namespace evenkeel
