#pragma once

#include "evenkeel/train/optimizers/common.h"

namespace evenkeel {

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
  void check() const;  ///< nesterov needs a momentum
};

void emit_update(const SGD& sgd, const UpdateTarget& target);

}  // namespace evenkeel
