#include <algorithm>

#include "evenkeel/interchange/onnx/patterns/calculation.h"
#include "evenkeel/interchange/onnx/patterns/families.h"

namespace evenkeel::interchange::onnx {
namespace {

/// Whether the node averages a value over all its positions.
bool averages_positions(const Graph& graph, const Node& node) {
  if (node.is("GlobalAveragePool")) return true;
  const auto axes = node.is("ReduceMean") ? reduced_axes(graph, node) : std::nullopt;
  const int rank = graph.rank(node.input(0));
  return axes && rank == 4 && static_cast<int>(axes->size()) == rank - 2 && axes->front() > 0;
}

/// x times a number for each channel, which two small linear layers computed from the channels' means of x.
bool is_squeeze_and_excitation(const Graph& graph, const std::string& x, const std::string& gate) {
  // Between them: two activations, a sum with a bias for each layer, reshapes.
  constexpr int kMostSteps = 16;
  const Node* node = graph.producer(gate);
  int linear = 0;
  for (int step = 0; node && step < kMostSteps; ++step) {
    if (averages_positions(graph, *node)) return linear == 2 && node->input(0) == x;
    if (node->is("Conv") || node->is("Gemm") || node->is("MatMul")) ++linear;
    const bool second = node->inputs.size() > 1 && graph.constant(node->input(0)) && !graph.constant(node->input(1));
    node = graph.producer(node->input(second ? 1 : 0));
  }
  return false;
}

}  // namespace

void note_squeeze_and_excitation(Rewriting& rewriting) {
  Graph& graph = rewriting.graph();
  std::vector<const Node*> found;
  for (const Node& node : graph.nodes())
    if (node.is("Mul") && node.inputs.size() == 2 &&
        (is_squeeze_and_excitation(graph, node.input(0), node.input(1)) ||
         is_squeeze_and_excitation(graph, node.input(1), node.input(0))))
      found.push_back(&node);
  for (const Node* node : found)
    rewriting.note("a product with what two layers make of the channels' means is a squeeze-and-excitation", *node);
}

}  // namespace evenkeel::interchange::onnx
