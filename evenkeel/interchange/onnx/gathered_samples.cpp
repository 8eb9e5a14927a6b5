#include <algorithm>

#include "evenkeel/interchange/onnx/operands.h"
#include "evenkeel/interchange/onnx/simplify.h"

namespace evenkeel::interchange::onnx {
namespace {

/// The value that does not depend on samples, but on how many there are, for a batch of that size. Nothing if it does
/// depend on them, or is not computed here.
std::optional<Tensor> for_batch(const Graph& graph, const std::string& value, std::int64_t batch, int& budget) {
  constexpr std::int64_t kMost = std::int64_t{1} << 20;
  if (const Constant* constant = graph.constant_entry(value)) {
    if (!constant->of_the_batch) return constant->value.clone();
    Tensor numbers = converted(constant->value, DType::int64);
    for (std::int64_t& number : numbers.as<std::int64_t>())
      if (number % kBatch == 0) number = number / kBatch * batch;
    return converted(numbers, constant->value.dtype());
  }
  const Node* node = graph.producer(value);
  if (!node || --budget < 0) return {};
  Graph inputs;
  inputs.opset = graph.opset;
  for (const std::string& input : node->inputs) {
    if (input.empty()) continue;
    auto tensor = for_batch(graph, input, batch, budget);
    if (!tensor) return {};
    inputs.set_constant(input, {.value = std::move(*tensor)});
  }
  auto results = evaluate(inputs, *node, kMost);
  if (!results || results->empty() || node->output() != value) return {};
  return std::move(results->front().value);
}

bool counts_up(const Tensor& indices) {
  const Tensor numbers = converted(indices, DType::int64);
  std::int64_t at = 0;
  return std::ranges::all_of(numbers.as<std::int64_t>(), [&](std::int64_t number) { return number == at++; });
}

}  // namespace

void reshape_of_gather(Graph& graph, Node& node) {
  if (!node.is("Gather") || graph.constant(node.input(1)) || graph.constant(node.input(0))) return;
  const Node* flat = graph.producer(node.input(0));
  if (!flat || !flat->is("Reshape") || graph.rank(node.input(0)) != 1) return;
  const Sizes* in = graph.shape(flat->input(0));
  if (!in || in->empty() || (*in)[0] != kBatch) return;
  const std::int64_t sample = product(std::span(*in).subspan(1));
  Sizes target;
  // Two sizes of the batch tell what is for each sample.
  for (const std::int64_t batch : {2, 3}) {
    int budget = 100;  // nodes, each as often as it is read
    const auto indices = for_batch(graph, node.input(1), batch, budget);
    if (!indices || indices->shape().rank() < 1 || indices->shape().size() != batch * sample ||
        indices->shape()[0] != batch || !counts_up(*indices))
      return;
    const auto sizes = indices->shape().sizes();
    target.assign(sizes.begin(), sizes.end());
  }
  target[0] = -1;
  Node reshape = node;
  reshape.op = "Reshape";
  reshape.attributes.clear();
  reshape.inputs = {flat->input(0), graph.add_constant(node.output() + ".shape",
                                                       Tensor::of<std::int64_t>(Shape{std::ssize(target)}, target))};
  const std::string made = node.output();
  graph.replace(std::vector<Node*>{&node}, std::move(reshape));
  infer_shapes(graph, *graph.producer(made));
}

}  // namespace evenkeel::interchange::onnx
