#pragma once

#include <vector>

#include "evenkeel/program/program.h"

namespace evenkeel {

/// What an op's gradient rule works with: its line, the gradients of its outputs, and where to put those of its inputs.
class Gradients {
 public:
  Gradients(Program& program, std::vector<Value>& gradients, Node node)
      : program_(program), gradients_(gradients), node_(std::move(node)) {}

  Value input(int i) { return handle(node_.inputs[static_cast<std::size_t>(i)]); }
  Value output(int i) { return handle(node_.outputs[static_cast<std::size_t>(i)]); }
  /// The gradient of output i; absent if nothing that is differentiated depends on it.
  Value of_output(int i) { return gradients_[static_cast<std::size_t>(node_.outputs[static_cast<std::size_t>(i)])]; }
  /// Whether the gradient of input i is needed.
  bool wanted(int i) const;
  /// Adds `gradient` to the gradient of input i. It must have the input's shape and type; if the input is a copy in
  /// bfloat16 of a parameter, it may also be float32.
  void add(int i, Value gradient);

  /// Emits an op for a gradient.
  template <class O>
  std::vector<Value> emit(O op, const std::vector<Value>& inputs) {
    return program_.emit(std::make_shared<const O>(std::move(op)), inputs);
  }
  template <class O>
  Value emit_one(O op, const std::vector<Value>& inputs) {
    return emit(std::move(op), inputs).front();
  }

 private:
  Value handle(int id) { return id < 0 ? Value() : Value(&program_, id); }

  Program& program_;
  std::vector<Value>& gradients_;  ///< by value number
  Node node_;
};

/// Reverse-mode differentiation: appends to the program the gradient of sum(seed * value) with respect to every value
/// that needs one and that `value` depends on. `seed` has value's shape. Every trainable parameter gets a value
/// "<parameter>/gradient" (zero if `value` does not depend on it); other gradients are named in the same way. Returns
/// the gradients by value number; values without one have an absent gradient.
std::vector<Value> differentiate(Program& program, Value value, Value seed);

}  // namespace evenkeel
