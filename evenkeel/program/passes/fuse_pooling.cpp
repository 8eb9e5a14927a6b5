#include "evenkeel/program/passes/fuse_pooling.h"

#include "evenkeel/program/ops/activation.h"
#include "evenkeel/program/ops/normalize.h"
#include "evenkeel/program/ops/pooling.h"
#include "evenkeel/program/passes/fold.h"

namespace evenkeel::passes {

void fuse_pooling(Program& program) {
  fold(program, [](const Op& maker, const Op& reader) -> std::shared_ptr<const Op> {
    const auto* normalization = dynamic_cast<const ops::Normalize*>(&maker);
    const auto* pool = dynamic_cast<const ops::MaxPool*>(&reader);
    return normalization && pool ? normalization->with_max_pool(pool->window()) : nullptr;
  });
}

void pool_before_activations(Program& program) {
  std::vector<Node>& nodes = program.mutable_nodes();
  std::vector<int> readers(program.values().size(), 0), activated_by(program.values().size(), -1);
  for (const Node& node : nodes)
    for (int id : node.inputs)
      if (id >= 0) ++readers[static_cast<std::size_t>(id)];
  for (std::size_t line = 0; line < nodes.size(); ++line) {
    Node& pool = nodes[line];
    if (dynamic_cast<const ops::Activation*>(pool.op.get()))
      activated_by[static_cast<std::size_t>(pool.outputs[0])] = static_cast<int>(line);
    if (!dynamic_cast<const ops::MaxPool*>(pool.op.get())) continue;
    const int between = pool.inputs[0], before = activated_by[static_cast<std::size_t>(between)];
    if (before < 0 || readers[static_cast<std::size_t>(between)] != 1 || program.value(between).kept) continue;
    // The lines change places. Their values change places too: the one between has the pooled size now.
    Node& activation = nodes[static_cast<std::size_t>(before)];
    program.mutable_values()[static_cast<std::size_t>(between)].type = program.value(pool.outputs[0]).type;
    pool.inputs[0] = activation.inputs[0];
    std::swap(pool.outputs, activation.outputs);
    activation.inputs[0] = between;
    std::swap(pool, activation);
  }
}

}  // namespace evenkeel::passes
