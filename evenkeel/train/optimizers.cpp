#include "evenkeel/train/optimizers.h"

#include <utility>

#include "evenkeel/base/text.h"
#include "evenkeel/program/memory_plan.h"
#include "evenkeel/program/ops/updates.h"

namespace evenkeel {
namespace {

/// What all optimizers have.
template <class T>
void describe_common(Fields<T>& fields) {
  fields.add("weight_decay", &T::weight_decay, "parameters shrink by this times the learning rate", kNotNegative)
      .add("clipnorm", &T::clipnorm, "largest norm of each gradient tensor", kPositive)
      .add("global_clipnorm", &T::global_clipnorm, "largest norm of all gradients together", kPositive)
      .add("clipvalue", &T::clipvalue, "largest element of a gradient", kPositive)
      .add("ema_momentum", &T::ema_momentum, "weight of the old average of the weights", kFraction);
}

}  // namespace

void SGD::describe(Fields<SGD>& fields) {
  fields.add("learning_rate", &SGD::learning_rate, "step size", kPositive)
      .add("momentum", &SGD::momentum, "weight of the last update", kFraction)
      .add("nesterov", &SGD::nesterov, "look ahead (Nesterov's momentum)");
  describe_common(fields);
}

void Adam::describe(Fields<Adam>& fields) {
  fields.add("learning_rate", &Adam::learning_rate, "step size", kPositive)
      .add("beta_1", &Adam::beta_1, "decay of the mean of gradients", kFraction)
      .add("beta_2", &Adam::beta_2, "decay of the mean of their squares", kFraction)
      .add("epsilon", &Adam::epsilon, "added to the root of that", kPositive);
  describe_common(fields);
}

namespace {

const std::vector<std::pair<std::string, Optimizer>>& known_optimizers() {
  static const std::vector<std::pair<std::string, Optimizer>> known = {
      {std::string(Adam::kType), Adam{}},
      {std::string(SGD::kType), SGD{}},
      {"adamw", Adam{.weight_decay = 0.004}},
  };
  return known;
}

template <class T>
void check_clipping(const T& options) {
  const int given = options.clipnorm.has_value() + options.global_clipnorm.has_value() + options.clipvalue.has_value();
  if (given > 1)
    throw Error{{.where = "optimizer \"" + std::string(T::kType) + '"',
                 .expected = "one of clipnorm, global_clipnorm and clipvalue",
                 .received = std::to_string(given) + " of them"}};
}

/// The factors that bring the gradients to their largest norm; absent where none is set.
template <class T>
Value emit_clip_norm(Program& program, const T& options, Value gradients, ops::UpdateOptions& update) {
  if (!options.clipnorm && !options.global_clipnorm) return {};
  if (options.clipnorm) update.tensors = trainable_extents(program);
  const double limit = options.clipnorm ? *options.clipnorm : *options.global_clipnorm;
  return program.emit_one(ops::ClipNorm(limit, update.tensors), {gradients});
}

template <class T>
void emit(Program& program, const T& options) {
  const Value parameters = program.parameter_block();
  const Value gradients = program.gradient_block();
  const auto slot = [&](const char* name) { return program.slot(name, parameters.shape()); };
  ops::UpdateOptions update{.weight_decay = options.weight_decay.value_or(0)};
  if (options.clipvalue) update.clip_value = *options.clipvalue;
  const Value scales = emit_clip_norm(program, options, gradients, update);
  if constexpr (std::same_as<T, Adam>) {
    const ops::AdamUpdate op(options.beta_1, options.beta_2, options.epsilon, update);
    program.emit(std::make_shared<const ops::AdamUpdate>(op),
                 {parameters, gradients, slot("adam/m"), slot("adam/v"), scales});
  } else {
    const Value velocity = options.momentum == 0 ? Value() : slot("sgd/velocity");
    program.emit(std::make_shared<const ops::SgdUpdate>(options.momentum, options.nesterov, update),
                 {parameters, gradients, velocity, scales});
  }
  if (options.ema_momentum)
    program.emit(std::make_shared<const ops::MovingAverage>(*options.ema_momentum),
                 {parameters, slot(kAverageSlot), program.slot(kAverageStartedSlot, {1})});
}

}  // namespace

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const auto& [name, optimizer] : known_optimizers()) names.push_back(name);
  return names;
}

Optimizer optimizer_named(const std::string& name) {
  for (const auto& [known, optimizer] : known_optimizers())
    if (known == name) return optimizer;
  throw Error{{.where = "optimizer", .expected = "one of " + join(optimizer_names()), .received = '"' + name + '"'}};
}

std::string name_of(const Optimizer& optimizer) {
  return std::visit([]<class T>(const T&) { return std::string(T::kType); }, optimizer);
}

double learning_rate_of(const Optimizer& optimizer) {
  return std::visit([](const auto& o) { return o.learning_rate; }, optimizer);
}

void check(const Optimizer& optimizer) {
  check_fields(optimizer);
  std::visit([](const auto& options) { check_clipping(options); }, optimizer);
}

void emit_update(Program& program, const Optimizer& optimizer) {
  check(optimizer);
  std::visit([&](const auto& options) { emit(program, options); }, optimizer);
}

}  // namespace evenkeel
