#include "evenkeel/program/passes/constants.h"

#include <algorithm>
#include <iterator>

namespace evenkeel::passes {

Constants::Constants(const Program& program) : is_constant_(program.values().size()) {
  for (std::size_t id = 0; id < is_constant_.size(); ++id) {
    const Role role = program.values()[id].role;
    is_constant_[id] = role == Role::parameter || role == Role::state;
  }
}

bool Constants::add(const Node& node) {
  const bool is_constant = !node.op->has_effect() && !node.op->layer() &&
                           std::ranges::all_of(node.inputs, [&](int id) { return id < 0 || holds(id); });
  for (int id : node.outputs) is_constant_[static_cast<std::size_t>(id)] = is_constant;
  return is_constant;
}

void put_constants_first(Program& program) {
  Constants constants(program);
  auto& nodes = program.mutable_nodes();
  // Folding appended lines that earlier ones read. Constants are in order among themselves.
  std::vector<Node> first, rest;
  for (Node& node : nodes) (constants.add(node) ? first : rest).push_back(std::move(node));
  program.constant_lines = static_cast<int>(first.size());
  std::ranges::move(rest, std::back_inserter(first));
  nodes = std::move(first);
}

}  // namespace evenkeel::passes
