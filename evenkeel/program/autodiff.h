#pragma once

#include <vector>

#include "evenkeel/program/program.h"

namespace evenkeel {

/// What an op's gradient rule sees: the line it belongs to, the gradients that arrived at its outputs, and where to put
/// those of its inputs.
class Gradients {
 public:
  Gradients(Program& program, std::vector<Value>& gradients, Node node)
      : program_(program), gradients_(gradients), node_(std::move(node)) {}

  Value input(int i) { return handle(node_.inputs[static_cast<std::size_t>(i)]); }
  Value output(int i) { return handle(node_.outputs[static_cast<std::size_t>(i)]); }
  /// The gradient of output i; absent where none flows.
  Value of_output(int i) { return gradients_[static_cast<std::size_t>(node_.outputs[static_cast<std::size_t>(i)])]; }
  /// Whether anyone needs the gradient of input i.
  bool wanted(int i) const;
  /// Adds `gradient` to what input i has so far. Its shape must be the input's, its type the input's or, where that is
  /// a copy in bfloat16 of a parameter, float32.
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

/// Reverse-mode differentiation: emits, behind the program so far, the gradient of sum(seed * value) with respect to
/// every value that wants one and is reached. `seed` has value's shape. Trainable parameters all get a value
/// "<parameter>/gradient" (zero where nothing reaches them); other gradients are named likewise.
/// Returns the gradients by value number; absent where there is none.
std::vector<Value> differentiate(Program& program, Value value, Value seed);

}  // namespace evenkeel
