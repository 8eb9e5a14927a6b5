#include "evenkeel/program/passes/fuse_activations.h"

#include <algorithm>

#include "evenkeel/program/ops/activation.h"

namespace evenkeel::passes {

void fuse_activations(Program& program) {
  std::vector<Node>& nodes = program.mutable_nodes();
  std::vector<int> readers(program.values().size(), 0), producer(program.values().size(), -1);
  for (std::size_t line = 0; line < nodes.size(); ++line) {
    for (int id : nodes[line].inputs)
      if (id >= 0) ++readers[static_cast<std::size_t>(id)];
    for (int id : nodes[line].outputs) producer[static_cast<std::size_t>(id)] = static_cast<int>(line);
  }
  std::vector<bool> folded(nodes.size(), false);
  for (std::size_t line = 0; line < nodes.size(); ++line) {
    const auto* activation = dynamic_cast<const ops::Activation*>(nodes[line].op.get());
    if (!activation) continue;
    const auto between = static_cast<std::size_t>(nodes[line].inputs[0]);
    const int before = producer[between];
    if (before < 0 || readers[between] != 1 || program.value(nodes[line].inputs[0]).kept) continue;
    Node& maker = nodes[static_cast<std::size_t>(before)];
    auto fused = maker.op->with_activation(activation->function());
    if (!fused || maker.outputs[0] != nodes[line].inputs[0]) continue;
    maker.op = std::move(fused);
    maker.outputs[0] = nodes[line].outputs[0];
    producer[static_cast<std::size_t>(nodes[line].outputs[0])] = before;
    folded[line] = true;
  }
  std::vector<Node> kept;
  for (std::size_t line = 0; line < nodes.size(); ++line)
    if (!folded[line]) kept.push_back(std::move(nodes[line]));
  nodes = std::move(kept);
}

}  // namespace evenkeel::passes
