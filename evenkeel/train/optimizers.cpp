#include "evenkeel/train/optimizers.h"

#include "evenkeel/base/text.h"
#include "evenkeel/program/ops/updates.h"

namespace evenkeel {

void SGD::describe(Fields<SGD>& fields) {
  fields.add("learning_rate", &SGD::learning_rate, "step size", kPositive)
      .add("momentum", &SGD::momentum, "weight of the last update", kFraction)
      .add("nesterov", &SGD::nesterov, "look ahead (Nesterov's momentum)");
}

void Adam::describe(Fields<Adam>& fields) {
  fields.add("learning_rate", &Adam::learning_rate, "step size", kPositive)
      .add("beta_1", &Adam::beta_1, "decay of the mean of gradients", kFraction)
      .add("beta_2", &Adam::beta_2, "decay of the mean of their squares", kFraction)
      .add("epsilon", &Adam::epsilon, "added to the root of that", kPositive);
}

namespace {

const std::vector<Optimizer>& known_optimizers() {
  static const std::vector<Optimizer> known = {Adam{}, SGD{}};
  return known;
}

template <class T>
void emit(Program& program, const T& options) {
  // Options set in C++ are held to the ranges that files are held to.
  check_fields(options);
  const Value parameters = program.parameter_block();
  const Value gradients = program.gradient_block();
  const auto slot = [&](const char* name) { return program.slot(name, parameters.shape()); };
  if constexpr (std::same_as<T, Adam>) {
    const ops::AdamUpdate update(options.beta_1, options.beta_2, options.epsilon);
    program.emit(std::make_shared<const ops::AdamUpdate>(update), {parameters, gradients, slot("adam/m"), slot("adam/v")});
  } else {
    const Value velocity = options.momentum == 0 ? Value() : slot("sgd/velocity");
    program.emit(std::make_shared<const ops::SgdUpdate>(options.momentum, options.nesterov),
                 {parameters, gradients, velocity});
  }
}

}  // namespace

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const Optimizer& optimizer : known_optimizers()) names.push_back(name_of(optimizer));
  return names;
}

Optimizer optimizer_named(const std::string& name) {
  for (const Optimizer& optimizer : known_optimizers())
    if (name_of(optimizer) == name) return optimizer;
  throw Error{{.where = "optimizer", .expected = "one of " + join(optimizer_names()), .received = '"' + name + '"'}};
}

std::string name_of(const Optimizer& optimizer) {
  return std::visit([]<class T>(const T&) { return std::string(T::kType); }, optimizer);
}

double learning_rate_of(const Optimizer& optimizer) {
  return std::visit([](const auto& o) { return o.learning_rate; }, optimizer);
}

std::vector<std::pair<std::string, FieldValue>> settings_of(const Optimizer& optimizer) {
  return std::visit([](const auto& o) { return settings_of(o, false); }, optimizer);
}

void set_field(Optimizer& optimizer, const std::string& name, const FieldValue& value) {
  std::visit(
      [&]<class T>(T& options) {
        const auto* field = fields_of<T>().find(name);
        if (!field)
          throw Error{{.where = "optimizer \"" + std::string(T::kType) + '"',
                       .received = "it has no field \"" + name + '"',
                       .hint = "Known: " + join(fields_of<T>().names()) + "."}};
        field->set(options, value);
      },
      optimizer);
}

void emit_update(Program& program, const Optimizer& optimizer) {
  std::visit([&](const auto& options) { emit(program, options); }, optimizer);
}

}  // namespace evenkeel
