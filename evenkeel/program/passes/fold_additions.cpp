#include "evenkeel/program/passes/fold_additions.h"

#include <algorithm>

#include "evenkeel/program/ops/convolution.h"
#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/passes/links.h"

namespace evenkeel::passes {

void fold_additions(Program& program) {
  std::vector<Node>& nodes = program.mutable_nodes();
  Links links(program);
  for (Node& node : nodes) {
    const auto* addition = dynamic_cast<const ops::Add*>(node.op.get());
    if (!addition) continue;
    // The addend must exist when the convolution runs: of the two operands, the convolution is the later one.
    auto [addend, sum] = std::pair(node.inputs[0], node.inputs[1]);
    if (links.made_in(program.root(addend)) > links.made_in(program.root(sum))) std::swap(addend, sum);
    const int before = links.made_in(sum);
    if (before < 0 || !links.is_read_once(program, sum)) continue;
    Node& maker = nodes[static_cast<std::size_t>(before)];
    const auto* convolution = dynamic_cast<const ops::Convolution*>(maker.op.get());
    if (!convolution || !convolution->is_linear() || maker.inputs.size() > 3) continue;
    maker.op = convolution->with_activation(addition->activation());
    maker.inputs.resize(3, -1);
    maker.inputs.push_back(addend);
    maker.outputs = node.outputs;
    links.producer[static_cast<std::size_t>(node.outputs[0])] = before;
    node.op = nullptr;
  }
  std::erase_if(nodes, [](const Node& node) { return node.op == nullptr; });
}

}  // namespace evenkeel::passes
