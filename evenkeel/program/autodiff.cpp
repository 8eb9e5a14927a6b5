#include "evenkeel/program/autodiff.h"

#include <set>

#include "evenkeel/base/error.h"
#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/fill.h"

namespace evenkeel {

bool Gradients::wanted(int i) const {
  const int id = node_.inputs[static_cast<std::size_t>(i)];
  return id >= 0 && program_.value(id).wants_gradient;
}

void Gradients::add(int i, Value gradient) {
  const int id = node_.inputs[static_cast<std::size_t>(i)];
  const ValueInfo& input = program_.value(id);
  const TensorType precise_type{input.type.shape, precise(input.type.dtype)};
  if (gradient.type() != input.type && gradient.type() != precise_type)
    throw Error{{.kind = Error::internal,
                 .where = "gradient of " + input.name,
                 .expected = to_string(input.type.shape),
                 .received = to_string(gradient.shape())}};
  Value& sum = gradients_[static_cast<std::size_t>(id)];
  sum = sum ? program_.emit_one(ops::Add{}, {sum, gradient}) : gradient;
}

namespace {

/// Gives every trainable parameter a gradient of its own memory, named after it.
void name_parameter_gradients(Program& program, std::vector<Value>& gradients) {
  std::set<int> taken;
  for (std::size_t id = 0; id < gradients.size(); ++id) {
    const ValueInfo parameter = program.value(static_cast<int>(id));
    if (parameter.role != Role::parameter || !parameter.trainable) continue;
    Value& gradient = gradients[id];
    program.set_label(parameter.name);
    if (!gradient) {
      gradient = program.emit_one(ops::Fill{parameter.type.shape, program.real(), 0.0}, {});
    } else if (program.value(gradient.id()).view_of >= 0 || !taken.insert(gradient.id()).second ||
               program.value(gradient.id()).role != Role::gradient) {
      gradient = program.emit_one(ops::Copy{}, {gradient});
    }
    program.rename(gradient, parameter.name + "/gradient");
    program.info(gradient).role = Role::parameter_gradient;
    program.keep(gradient);
  }
}

/// Names the other gradients after their values. A gradient of several values (of a sum and its terms) gets the name of
/// the last of them.
void name_gradients(Program& program, const std::vector<Value>& gradients) {
  std::set<int> named;
  for (std::size_t id = gradients.size(); id-- > 0;) {
    const Value gradient = gradients[id];
    const bool own = gradient && program.value(gradient.id()).role == Role::gradient;
    if (!own || !named.insert(gradient.id()).second) continue;
    program.rename(gradient, program.value(static_cast<int>(id)).name + "/gradient");
  }
}

}  // namespace

std::vector<Value> differentiate(Program& program, Value value, Value seed) {
  std::vector<Value> gradients(program.values().size());
  gradients[static_cast<std::size_t>(value.id())] = seed;
  program.set_phase(Phase::backward);
  for (int i = static_cast<int>(program.nodes().size()) - 1; i >= 0; --i) {
    const Node node = program.nodes()[static_cast<std::size_t>(i)];
    Gradients local(program, gradients, node);
    bool arrived = false, wanted = false;
    for (std::size_t o = 0; o < node.outputs.size(); ++o) arrived = arrived || local.of_output(static_cast<int>(o));
    for (std::size_t k = 0; k < node.inputs.size(); ++k) wanted = wanted || local.wanted(static_cast<int>(k));
    if (!arrived || !wanted) continue;
    program.set_label(node.label);
    node.op->differentiate(local);
  }
  name_parameter_gradients(program, gradients);
  name_gradients(program, gradients);
  return gradients;
}

}  // namespace evenkeel
