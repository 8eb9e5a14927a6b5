#include "evenkeel/program/probes/probe_line.h"

#include <algorithm>

namespace evenkeel {

void emit_probe(Program& program, std::shared_ptr<const Op> op, const std::vector<Value>& inputs) {
  const Value watched = inputs.front();
  program.set_phase(Phase::probe);
  program.set_label(watched.name());
  program.emit(std::move(op), inputs);
  auto& nodes = program.mutable_nodes();
  Node probe = std::move(nodes.back());
  nodes.pop_back();
  auto at = nodes.end();
  for (auto node = nodes.begin(); node != nodes.end(); ++node)
    if (std::ranges::find(node->outputs, watched.id()) != node->outputs.end()) at = node + 1;
  nodes.insert(at, std::move(probe));
}

}  // namespace evenkeel
