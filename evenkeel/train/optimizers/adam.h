#pragma once

#include "evenkeel/train/optimizers/common.h"

namespace evenkeel {

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
  static std::vector<std::pair<std::string, Adam>> presets() { return {{"adamw", {.weight_decay = 0.004}}}; }
  static void describe(Fields<Adam>&);
};

void emit_update(const Adam& adam, const UpdateTarget& target);

}  // namespace evenkeel
