#include "evenkeel/train/optimizers.h"

#include "evenkeel/program/memory_plan.h"

namespace evenkeel {
namespace {

/// The blocks that are updated, with the limits of their gradients.
UpdateTarget target_of(Program& program, const CommonOptimizerOptions& options) {
  UpdateTarget target{.program = program,
                      .parameters = program.parameter_block(),
                      .gradients = program.gradient_block(),
                      .options = {.weight_decay = options.weight_decay.value_or(0)}};
  if (options.clipvalue) target.options.clip_value = *options.clipvalue;
  if (options.clipnorm) target.options.tensors = trainable_extents(program);
  if (const auto limit = options.clipnorm ? options.clipnorm : options.global_clipnorm)
    target.scales = program.emit_one(ops::ClipNorm(*limit, target.options.tensors), {target.gradients});
  return target;
}

}  // namespace

std::vector<std::string> optimizer_names() { return choice_names<Optimizer>(); }

Optimizer optimizer_named(const std::string& name) { return chosen_by_name<Optimizer>("optimizer", name); }

CommonOptimizerOptions common_options(const Optimizer& optimizer) {
  return std::visit([](const auto& options) { return common_options(options); }, optimizer);
}

double learning_rate_of(const Optimizer& optimizer) { return common_options(optimizer).learning_rate; }

void check(const Optimizer& optimizer) { check_fields(optimizer); }

void emit_update(Program& program, const Optimizer& optimizer) {
  check(optimizer);
  const CommonOptimizerOptions common = common_options(optimizer);
  const UpdateTarget target = target_of(program, common);
  std::visit([&](const auto& options) { emit_update(options, target); }, optimizer);
  if (common.ema_momentum)
    program.emit(std::make_shared<const ops::MovingAverage>(*common.ema_momentum),
                 {target.parameters, target.slot(kAverageSlot), program.slot(kAverageStartedSlot, {1})});
}

}  // namespace evenkeel
