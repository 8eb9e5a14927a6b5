#include "evenkeel/program/passes/specialize.h"

#include <algorithm>
#include <numeric>

namespace evenkeel::passes {
namespace {

class Specializer {
 public:
  Specializer(Program& program, const LayerMode& mode)
      : program_(program), mode_(mode), same_(program.values().size()) {
    std::iota(same_.begin(), same_.end(), 0);
  }

  void run() {
    std::erase_if(program_.mutable_nodes(), [&](Node& node) {
      for (int& id : node.inputs)
        if (id >= 0) id = same_[static_cast<std::size_t>(id)];
      if (!node.op->layer()) return false;
      const bool is_idle = node.op->is_idle(mode_);
      if (is_idle)  // its outputs are not computed, so there is nothing to keep
        for (int id : node.outputs) program_.mutable_values()[static_cast<std::size_t>(id)].kept = false;
      return (is_idle && node.op->has_effect()) || passes_on(node);
    });
    for (ValueInfo& v : program_.mutable_values())
      if (v.view_of >= 0) v.view_of = program_.root(same_[static_cast<std::size_t>(v.view_of)]);
  }

 private:
  /// Lets the readers of the node's outputs read its inputs instead, if they are the same.
  bool passes_on(const Node& node) {
    const std::vector<int> from = node.op->passed_on(mode_);
    const auto input = [&](std::size_t i) { return node.inputs[static_cast<std::size_t>(from[i])]; };
    for (std::size_t i = 0; i < from.size(); ++i) {
      const ValueInfo& output = program_.value(node.outputs[i]);
      if (output.kept || output.type != program_.value(input(i)).type) return false;
    }
    for (std::size_t i = 0; i < from.size(); ++i) same_[static_cast<std::size_t>(node.outputs[i])] = input(i);
    return !from.empty();
  }

  Program& program_;
  const LayerMode& mode_;
  std::vector<int> same_;  ///< by value number: the value to be read in its place
};

}  // namespace

void specialize(Program& program, const LayerMode& mode) { Specializer(program, mode).run(); }

}  // namespace evenkeel::passes
