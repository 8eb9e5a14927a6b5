#include "evenkeel/diagnose/measure/capacity.h"

#include <algorithm>

namespace evenkeel {

std::int64_t batch_that_fits(const Model& model, CompileOptions options, std::int64_t most, std::int64_t bytes) {
  for (std::int64_t size = most; size > 1; size = (size + 1) / 2) {
    options.batch_size = size;
    if (compile(model, options).program->memory.arena_bytes <= bytes) return size;
  }
  return std::min<std::int64_t>(most, 1);
}

double flops_of_sample(const Model& model) {
  const CompiledModel compiled = compile(model, {.batch_size = 1});
  const Program& program = *compiled.program;
  const auto types = [&](const std::vector<int>& values) {
    std::vector<TensorType> all;
    for (const int value : values) all.push_back(value < 0 ? TensorType() : program.value(value).type);
    return all;
  };
  double flops = 0;
  for (const Node& node : program.nodes()) flops += node.op->flops(types(node.inputs), types(node.outputs));
  return flops;
}

}  // namespace evenkeel
