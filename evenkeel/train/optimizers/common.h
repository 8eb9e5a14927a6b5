#pragma once

#include <optional>
#include <vector>

#include "evenkeel/config/fields.h"
#include "evenkeel/program/ops/updates.h"
#include "evenkeel/program/program.h"

// What all optimizers have. Each of their structs has these members:
//   learning_rate    step size
//   weight_decay     each step first subtracts learning rate * weight_decay * p from every trainable parameter p
//                    (Loshchilov & Hutter 2019: decoupled from the gradient)
//   clipnorm         the gradient of each tensor is scaled down to this L2 norm
//   global_clipnorm  all gradients together are scaled down to this L2 norm
//   clipvalue        the elements of gradients are limited to +-this
//   ema_momentum     keeps averages of the trainable parameters, average = m * average + (1 - m) * p after each update
//                    (Keras's use_ema); evaluation, prediction and saved weights use them (AveragedWeights)
// At most one of the three clip options may be set.

namespace evenkeel {

/// The same members, taken from any optimizer.
struct CommonOptimizerOptions {
  double learning_rate = 0;
  std::optional<double> weight_decay = {}, clipnorm = {}, global_clipnorm = {}, clipvalue = {}, ema_momentum = {};
};

template <class T>
CommonOptimizerOptions common_options(const T& of) {
  return {.learning_rate = of.learning_rate,
          .weight_decay = of.weight_decay,
          .clipnorm = of.clipnorm,
          .global_clipnorm = of.global_clipnorm,
          .clipvalue = of.clipvalue,
          .ema_momentum = of.ema_momentum};
}

/// Describes an optimizer: its step size, then, by `own`, its own options, then those that all have.
template <class T, class Own>
void describe_optimizer(Fields<T>& fields, Own own) {
  fields.add("learning_rate", &T::learning_rate, "step size of the optimizer", kPositive);
  own(fields);
  fields.add("weight_decay", &T::weight_decay, "parameters shrink by this times the learning rate", kNotNegative)
      .add("clipnorm", &T::clipnorm, "largest norm of each gradient tensor", kPositive)
      .add("global_clipnorm", &T::global_clipnorm, "largest norm of all gradients together", kPositive)
      .add("clipvalue", &T::clipvalue, "largest element of a gradient", kPositive)
      .add("ema_momentum", &T::ema_momentum,
           "evaluate and save moving averages of the weights; weight of the old average", kFraction)
      .at_most_one_of({"clipnorm", "global_clipnorm", "clipvalue"});
}

/// What an optimizer updates in a program, and how gradients are limited before that.
struct UpdateTarget {
  Program& program;
  Value parameters, gradients;  ///< the blocks of all trainable parameters
  Value scales = {};            ///< factors of the gradients that clip their norm; absent without clipping
  ops::UpdateOptions options = {};

  /// Emits the line of an update, with the blocks that only this optimizer has.
  template <class Update>
  void emit(Update update, const std::vector<Value>& own) const {
    std::vector<Value> operands = {parameters, gradients, scales};
    operands.insert(operands.end(), own.begin(), own.end());
    program.emit(std::make_shared<const Update>(std::move(update)), operands);
  }
  /// A block like that of the parameters, 0 at first, which the optimizer keeps from step to step.
  Value slot(const char* name) const { return program.slot(name, parameters.shape()); }
};

}  // namespace evenkeel
