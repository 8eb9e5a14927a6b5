#include "evenkeel/program/passes/fold_additions.h"

#include <algorithm>

#include "evenkeel/program/ops/convolution.h"
#include "evenkeel/program/ops/elementwise.h"

namespace evenkeel::passes {

void fold_additions(Program& program) {
  std::vector<Node>& nodes = program.mutable_nodes();
  std::vector<int> readers(program.values().size(), 0), producer(program.values().size(), -1);
  for (std::size_t line = 0; line < nodes.size(); ++line) {
    for (int id : nodes[line].inputs)
      if (id >= 0) ++readers[static_cast<std::size_t>(id)];
    for (int id : nodes[line].outputs) producer[static_cast<std::size_t>(id)] = static_cast<int>(line);
  }
  const auto made_in = [&](int id) { return producer[static_cast<std::size_t>(id)]; };
  for (Node& node : nodes) {
    const auto* addition = dynamic_cast<const ops::Add*>(node.op.get());
    if (!addition) continue;
    // The addend must exist when the convolution runs: of the two operands, the convolution is the later one.
    auto [addend, sum] = std::pair(node.inputs[0], node.inputs[1]);
    if (made_in(program.root(addend)) > made_in(program.root(sum))) std::swap(addend, sum);
    if (made_in(sum) < 0 || readers[static_cast<std::size_t>(sum)] != 1 || program.value(sum).kept) continue;
    Node& maker = nodes[static_cast<std::size_t>(made_in(sum))];
    const auto* convolution = dynamic_cast<const ops::Convolution*>(maker.op.get());
    if (!convolution || !convolution->is_linear() || maker.inputs.size() > 3) continue;
    maker.op = convolution->with_activation(addition->activation());
    maker.inputs.resize(3, -1);
    maker.inputs.push_back(addend);
    maker.outputs = node.outputs;
    producer[static_cast<std::size_t>(node.outputs[0])] = made_in(sum);
    node.op = nullptr;
  }
  std::erase_if(nodes, [](const Node& node) { return node.op == nullptr; });
}

}  // namespace evenkeel::passes
