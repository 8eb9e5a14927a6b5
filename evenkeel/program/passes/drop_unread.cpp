#include "evenkeel/program/passes/drop_unread.h"

#include <algorithm>

namespace evenkeel::passes {

void drop_unread(Program& program) {
  std::vector<Node>& nodes = program.mutable_nodes();
  std::vector<bool> read(program.values().size(), false);
  std::vector<Node> live;
  int constants_dropped = 0;
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    const bool needed = node->op->has_effect() || std::any_of(node->outputs.begin(), node->outputs.end(), [&](int id) {
                          return read[static_cast<std::size_t>(id)] || program.value(id).kept;
                        });
    if (!needed) {
      if (nodes.rend() - node <= program.constant_lines.value_or(0)) ++constants_dropped;
      continue;
    }
    for (int id : node->inputs)
      if (id >= 0) read[static_cast<std::size_t>(id)] = true;
    live.push_back(std::move(*node));
  }
  std::reverse(live.begin(), live.end());
  nodes = std::move(live);
  if (program.constant_lines) *program.constant_lines -= constants_dropped;
}

}  // namespace evenkeel::passes
