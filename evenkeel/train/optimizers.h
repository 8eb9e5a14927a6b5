#pragma once

#include <string>
#include <variant>
#include <vector>

#include "evenkeel/config/choice.h"
#include "evenkeel/train/optimizers/adam.h"
#include "evenkeel/train/optimizers/sgd.h"

namespace evenkeel {

/// All optimizers. Files, flags, help texts and run.json use this list. A new one is a pair of files in optimizers/,
/// with its struct, the description of its fields and its emit_update, and a line here.
using Optimizer = std::variant<  //
    Adam,                        //
    SGD>;

/// "adam", "adamw" (Adam with weight decay), "sgd"
std::vector<std::string> optimizer_names();
/// The optimizer of that name, with Keras's defaults. Throws Error, which lists the known names.
Optimizer optimizer_named(const std::string& name);

/// The options that all optimizers have.
CommonOptimizerOptions common_options(const Optimizer& optimizer);
double learning_rate_of(const Optimizer& optimizer);

/// Checks an optimizer's options: throws Error if they are out of range or do not go together.
void check(const Optimizer& optimizer);

/// Emits the update of all trainable parameters: one pass over their block, one more to clip by norm, one more for
/// moving averages. The learning rate is the step's.
void emit_update(Program& program, const Optimizer& optimizer);

/// The slots of moving averages: a block like that of the trainable parameters, and whether it has values yet.
inline constexpr const char* kAverageSlot = "ema/average";
inline constexpr const char* kAverageStartedSlot = "ema/started";

}  // namespace evenkeel
