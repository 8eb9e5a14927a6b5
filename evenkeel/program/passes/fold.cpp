#include "evenkeel/program/passes/fold.h"

#include "evenkeel/program/passes/links.h"

namespace evenkeel::passes {

void fold(Program& program, const Join& join) {
  std::vector<Node>& nodes = program.mutable_nodes();
  Links links(program);
  std::vector<Node> kept;
  std::vector<int> place(nodes.size(), -1);  // the new place of each line
  for (std::size_t line = 0; line < nodes.size(); ++line) {
    Node& node = nodes[line];
    const int between = node.inputs.empty() ? -1 : node.inputs[0];
    const int before = between < 0 ? -1 : links.made_in(between);
    if (before >= 0 && links.is_read_once(program, between)) {
      Node& maker = kept[static_cast<std::size_t>(place[static_cast<std::size_t>(before)])];
      if (auto joined = maker.outputs[0] == between ? join(*maker.op, *node.op) : nullptr) {
        maker.op = std::move(joined);
        maker.outputs[0] = node.outputs[0];
        links.producer[static_cast<std::size_t>(node.outputs[0])] = before;
        continue;
      }
    }
    place[line] = static_cast<int>(kept.size());
    kept.push_back(std::move(node));
  }
  nodes = std::move(kept);
}

}  // namespace evenkeel::passes
