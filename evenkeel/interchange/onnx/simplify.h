#pragma once

#include "evenkeel/interchange/onnx/graph.h"

namespace evenkeel::interchange::onnx {

/// Computes what does not depend on the inputs (their shapes are known, so neither do Shape and what is made of it),
/// and finds the shapes of all values. Nodes that only made constants are gone. Throws Error where shapes do not go
/// together, or constants become far larger than the file's own.
void simplify(Graph& graph);

/// The outputs of a node whose inputs are all constants; nothing for an operator that is not computed here.
std::optional<std::vector<Constant>> evaluate(const Graph& graph, const Node& node, std::int64_t most_elements);
/// Of those that compute each element from those at its place; nothing for others.
std::optional<Tensor> evaluate_elements(const Graph& graph, const Node& node, std::int64_t most_elements);
/// Of those that give elements another place or shape, and keep track of which initializer they are of.
std::optional<std::vector<Constant>> evaluate_places(const Graph& graph, const Node& node, std::int64_t most_elements);

/// Puts a Slice in the place of a SequenceAt that takes one part of a SplitToSequence.
void slice_of_sequence(Graph& graph, Node& node);

/// Puts a Reshape in the place of a Gather that takes all numbers of the flattened samples in their order: what
/// PyTorch's newer exporter makes of as_strided.
void reshape_of_gather(Graph& graph, Node& node);

/// Sets the shapes of a node's outputs, if the operator is known.
void infer_shapes(Graph& graph, const Node& node);

}  // namespace evenkeel::interchange::onnx
