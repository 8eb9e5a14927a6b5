#pragma once

#include <string>
#include <variant>
#include <vector>

#include "evenkeel/nn/fields.h"
#include "evenkeel/program/program.h"

namespace evenkeel {

/// Stochastic gradient descent. Keras's SGD.
struct SGD {
  double learning_rate = 0.01;
  double momentum = 0.0;
  bool nesterov = false;

  static constexpr std::string_view kType = "sgd";
  static void describe(Fields<SGD>&);
};

/// Kingma & Ba 2015, as Keras computes it (epsilon outside the bias correction). TensorFlow 1 used epsilon 1e-8.
struct Adam {
  double learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;

  static constexpr std::string_view kType = "adam";
  static void describe(Fields<Adam>&);
};

using Optimizer = std::variant<Adam, SGD>;

/// "adam", "sgd"
std::vector<std::string> optimizer_names();
/// With defaults. Throws Error with the known names.
Optimizer optimizer_named(const std::string& name);
std::string name_of(const Optimizer& optimizer);
double learning_rate_of(const Optimizer& optimizer);
std::vector<std::pair<std::string, FieldValue>> settings_of(const Optimizer& optimizer);
/// Sets a field by name. Throws Error where this optimizer has none of that name, or the value is out of range.
void set_field(Optimizer& optimizer, const std::string& name, const FieldValue& value);

/// Emits the update of all trainable parameters: one pass over their block. The learning rate is the step's.
void emit_update(Program& program, const Optimizer& optimizer);

}  // namespace evenkeel
