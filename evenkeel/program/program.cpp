#include "evenkeel/program/program.h"

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/program/memory_plan.h"

namespace evenkeel {
namespace {

// No machine has memory for more, and below this sums of bytes cannot overflow.
constexpr std::int64_t kMaxElements = std::int64_t{1} << 44;

}  // namespace

std::string_view name_of(Role role) {
  switch (role) {
    case Role::input: return "input";
    case Role::parameter: return "parameter";
    case Role::parameter_gradient: return "parameter gradient";
    case Role::state: return "state";
    case Role::supplied: return "supplied";
    case Role::slot: return "slot";
    case Role::probe: return "probe";
    case Role::activation: return "activation";
    case Role::gradient: return "gradient";
  }
  return "";
}

std::string_view name_of(Phase phase) {
  switch (phase) {
    case Phase::forward: return "forward";
    case Phase::loss: return "loss";
    case Phase::backward: return "backward";
    case Phase::update: return "update";
    case Phase::probe: return "probe";
  }
  return "";
}

Shape Value::shape() const { return type().shape; }
TensorType Value::type() const { return program_->value(id_).type; }
std::string Value::name() const { return program_->value(id_).name; }

void BlockLayout::add(Entry entry) {
  places_.emplace(entry.name, entries.size());
  entries.push_back(std::move(entry));
}

const BlockLayout::Entry* BlockLayout::find(const std::string& name) const {
  const auto found = places_.find(name);
  return found == places_.end() ? nullptr : &entries[found->second];
}

bool BlockLayout::operator==(const BlockLayout& other) const {
  return bytes == other.bytes && std::equal(entries.begin(), entries.end(), other.entries.begin(), other.entries.end(),
                                            [](const Entry& a, const Entry& b) {
                                              return a.name == b.name && a.type == b.type && a.offset == b.offset;
                                            });
}

Value Program::add(ValueInfo info) {
  if (id_of(info.name) >= 0)
    throw Error{{.where = "program", .expected = "a new name for a value", .received = '"' + info.name + '"'}};
  if (info.type.shape.size() > kMaxElements)
    throw Error{
        {.where = '"' + info.name + '"', .expected = "at most 2^44 elements", .received = to_string(info.type.shape)}};
  ids_.emplace(info.name, static_cast<int>(values_.size()));
  values_.push_back(std::move(info));
  return {this, static_cast<int>(values_.size()) - 1};
}

Value Program::input(const std::string& name, const Shape& shape, DType dtype) {
  return add({.name = name, .type = {shape, dtype}, .role = Role::input});
}

Value Program::parameter(const std::string& name, const Shape& shape, bool trainable) {
  return add({.name = name,
              .type = {shape, real_},
              .role = Role::parameter,
              .trainable = trainable,
              .wants_gradient = trainable});
}

Value Program::state(const std::string& name, const Shape& shape) {
  return add({.name = name, .type = {shape, real_}, .role = Role::state});
}

Value Program::supplied(const std::string& name, const Shape& shape) {
  return add({.name = name, .type = {shape, real_}, .role = Role::supplied});
}

Value Program::slot(const std::string& name, const Shape& shape) {
  return add({.name = name, .type = {shape, real_}, .role = Role::slot});
}

Value Program::probe(const std::string& name, const Shape& shape) {
  return add({.name = name, .type = {shape, DType::float64}, .role = Role::probe});
}

Value Program::parameter_block() {
  const std::int64_t size = trainable_bytes(*this) / static_cast<std::int64_t>(size_of(real_));
  return add({.name = "parameters", .type = {{size}, real_}, .role = Role::parameter, .is_block = true});
}

Value Program::gradient_block() {
  if (const Value block = find("gradients")) return block;
  const std::int64_t size = trainable_bytes(*this) / static_cast<std::int64_t>(size_of(real_));
  return add({.name = "gradients", .type = {{size}, real_}, .role = Role::parameter_gradient, .is_block = true});
}

std::vector<Value> Program::emit(std::shared_ptr<const Op> op, const std::vector<Value>& inputs,
                                 const std::vector<std::string>& names) {
  std::vector<TensorType> types;
  Node node{.op = std::move(op), .inputs = {}, .outputs = {}, .label = label_, .phase = phase_};
  bool wants_gradient = false;
  for (Value v : inputs) {
    types.push_back(v ? v.type() : TensorType{});
    node.inputs.push_back(v.id());
    wants_gradient = wants_gradient || (v && info(v).wants_gradient);
  }
  std::vector<TensorType> outputs;
  try {
    outputs = node.op->infer(types);
  } catch (const Error& error) {
    throw error.inside("layer \"" + label_ + '"');
  }
  std::vector<Value> results;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string own = i < names.size() && !names[i].empty() ? names[i] : std::string(node.op->kind());
    const std::string name = own.find('/') != std::string::npos ? own : label_ + '/' + own;
    results.push_back(add({.name = unique(name),
                           .type = outputs[i],
                           .role = phase_ == Phase::backward ? Role::gradient : Role::activation,
                           .wants_gradient = phase_ != Phase::backward && wants_gradient,
                           .view_of = node.op->is_view() ? root(inputs[0].id()) : -1}));
    node.outputs.push_back(results.back().id());
  }
  nodes_.push_back(std::move(node));
  return results;
}

Value Program::emit_one(std::shared_ptr<const Op> op, const std::vector<Value>& inputs, const std::string& name) {
  return emit(std::move(op), inputs, {name}).front();
}

void Program::rename(Value value, const std::string& name) {
  if (value.name() == name) return;
  if (id_of(name) >= 0)
    throw Error{{.where = "program", .expected = "a new name for a value", .received = '"' + name + '"'}};
  ids_.erase(info(value).name);
  ids_.emplace(name, value.id());
  info(value).name = name;
}

int Program::id_of(const std::string& name) const {
  const auto found = ids_.find(name);
  return found == ids_.end() ? -1 : found->second;
}

int Program::require(const std::string& name) const {
  const int id = id_of(name);
  if (id >= 0) return id;
  std::vector<std::string> known;
  for (const ValueInfo& v : values_) known.push_back(v.name);
  const std::string near = nearest(name, known);
  throw Error{{.where = "program",
               .received = "no value is named \"" + name + '"',
               .hint = near.empty() ? "`evenkeel plan` lists them." : "Did you mean \"" + near + "\"?"}};
}

Value Program::find(const std::string& name) {
  const int id = id_of(name);
  return id < 0 ? Value() : Value(this, id);
}

int Program::root(int id) const {
  while (value(id).view_of >= 0) id = value(id).view_of;
  return id;
}

std::string Program::unique(const std::string& name) const {
  std::string candidate = name;
  for (int i = 1; id_of(candidate) >= 0; ++i) candidate = name + '_' + std::to_string(i);
  return candidate;
}

}  // namespace evenkeel
