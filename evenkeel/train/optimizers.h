#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "evenkeel/config/choice.h"
#include "evenkeel/program/program.h"

namespace evenkeel {

// Every optimizer has these, as Keras's have; at most one of the three that clip:
//   weight_decay     each step first subtracts learning rate * weight_decay * p from every trainable parameter p
//                    (Loshchilov & Hutter 2019: decoupled from the gradient)
//   clipnorm         the gradient of each tensor is scaled down to this L2 norm
//   global_clipnorm  all gradients together are scaled down to this L2 norm
//   clipvalue        the elements of gradients are limited to +-this
//   ema_momentum     keeps averages of the trainable parameters, average = m * average + (1 - m) * p behind each update
//                    (Keras's use_ema); evaluation, prediction and saved weights use them (AveragedWeights)

/// Stochastic gradient descent. Keras's SGD.
struct SGD {
  double learning_rate = 0.01;
  double momentum = 0.0;
  bool nesterov = false;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> global_clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> ema_momentum = {};

  static constexpr std::string_view kType = "sgd";
  static void describe(Fields<SGD>&);
};

/// Kingma & Ba 2015, as Keras computes it (epsilon outside the bias correction). TensorFlow 1 used epsilon 1e-8.
/// Keras's AdamW is this with weight_decay 0.004.
struct Adam {
  double learning_rate = 0.001;
  double beta_1 = 0.9;
  double beta_2 = 0.999;
  double epsilon = 1e-7;
  std::optional<double> weight_decay = {};
  std::optional<double> clipnorm = {};
  std::optional<double> global_clipnorm = {};
  std::optional<double> clipvalue = {};
  std::optional<double> ema_momentum = {};

  static constexpr std::string_view kType = "adam";
  static void describe(Fields<Adam>&);
};

using Optimizer = std::variant<Adam, SGD>;

/// "adam", "sgd", and "adamw" for an Adam with weight decay
std::vector<std::string> optimizer_names();
/// With Keras's defaults. Throws Error with the known names.
Optimizer optimizer_named(const std::string& name);
std::string name_of(const Optimizer& optimizer);
double learning_rate_of(const Optimizer& optimizer);

/// Throws Error where options are out of range or do not go together.
void check(const Optimizer& optimizer);

/// Emits the update of all trainable parameters: one pass over their block, one more to clip by norm, one more for
/// moving averages. The learning rate is the step's.
void emit_update(Program& program, const Optimizer& optimizer);

/// The slots of moving averages: a block like that of the trainable parameters, and whether it has values yet.
inline constexpr const char* kAverageSlot = "ema/average";
inline constexpr const char* kAverageStartedSlot = "ema/started";

}  // namespace evenkeel
