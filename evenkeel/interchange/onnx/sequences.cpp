#include <algorithm>

#include "evenkeel/interchange/onnx/operands.h"
#include "evenkeel/interchange/onnx/simplify.h"

namespace evenkeel::interchange::onnx {

/// PyTorch's newer exporter writes x.chunk(2)[i] as a sequence of parts, of which one is taken: a Slice.
void slice_of_sequence(Graph& graph, Node& node) {
  const Node* split = node.is("SequenceAt") ? graph.producer(node.input(0)) : nullptr;
  if (!split || !split->is("SplitToSequence") || split->integer("keepdims", 1) == 0) return;
  const Sizes* in = graph.shape(split->input(0));
  const auto place = whole_numbers(graph, node.input(1));
  if (!in || !place || place->size() != 1) return;
  const int axis = axis_of(split->integer("axis", 0), static_cast<int>(in->size()), *split);
  const std::int64_t size = (*in)[static_cast<std::size_t>(axis)];
  Sizes parts(1, 1);
  if (!split->input(1).empty()) {
    const auto given = whole_numbers(graph, split->input(1));
    if (!given || given->empty()) return;
    parts = *given;
  }
  // One number is the size of each part but the last.
  const bool equal = parts.size() == 1;
  if (std::ranges::any_of(parts, [&](std::int64_t part) { return part < 1 || part > size; })) return;
  const std::int64_t count = equal ? (size + parts[0] - 1) / parts[0] : std::ssize(parts);
  const std::int64_t wanted = (*place)[0] < 0 ? (*place)[0] + count : (*place)[0];
  if (wanted < 0 || wanted >= count) refuse(node, "a part of " + std::to_string(count), std::to_string((*place)[0]));
  std::int64_t begin = equal ? wanted * parts[0] : 0;
  for (std::int64_t i = 0; !equal && i < wanted; ++i) begin += parts[static_cast<std::size_t>(i)];
  const std::int64_t end = std::min(size, begin + (equal ? parts[0] : parts[static_cast<std::size_t>(wanted)]));
  Node slice = node;
  const auto number = [&](std::int64_t value) {
    return graph.add_constant(node.output() + ".slice", Tensor::of<std::int64_t>(Shape{1}, {&value, 1}));
  };
  slice.op = "Slice";
  slice.inputs = {split->input(0), number(begin), number(end), number(axis)};
  const std::string made = node.output();
  graph.replace(std::vector<Node*>{&node}, std::move(slice));
  infer_shapes(graph, *graph.producer(made));
}

}  // namespace evenkeel::interchange::onnx
