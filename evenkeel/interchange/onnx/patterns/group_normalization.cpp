#include <algorithm>

#include "evenkeel/interchange/onnx/patterns/axes.h"
#include "evenkeel/interchange/onnx/patterns/families.h"

namespace evenkeel::interchange::onnx {
namespace {

/// The constant beside the one value that a node of two inputs reads; empty if there is none.
std::string constant_beside(const Graph& graph, const Node& node, const std::string& value) {
  if (node.inputs.size() != 2) return {};
  const std::string& other = node.input(0) == value ? node.input(1) : node.input(0);
  return other != value && graph.constant(other) ? other : std::string();
}

/// PyTorch's older exporter: Reshape to [N, groups, rest], InstanceNormalization with scale 1 and bias 0, Reshape back.
void look_for_groups(Rewriting& rewriting, Node& middle) {
  Graph& graph = rewriting.graph();
  if (!middle.is("InstanceNormalization")) return;
  Node* split = graph.producer(middle.input(0));
  Node* join = graph.only_consumer(middle.output());
  if (!split || !join || !split->is("Reshape") || !join->is("Reshape") || join->input(0) != middle.output()) return;
  const Sizes *in = graph.shape(split->input(0)), *out = graph.shape(join->output());
  const Sizes* groups = graph.shape(split->output());
  if (!in || !out || !groups || *in != *out || in->size() < 3 || groups->size() < 3) return;
  if ((*groups)[0] != (*in)[0] || (*groups)[1] < 1 || (*in)[1] % (*groups)[1] != 0) return;
  if (graph.scalar(middle.input(1)) != 1.0 || graph.scalar(middle.input(2)) != 0.0) return;
  const std::vector<Node*> nodes = {split, &middle, join};
  if (!graph.are_alone(nodes, join->output())) return;
  Node fresh{.op = "GroupNormalization",
             .domain = std::string(kOwnDomain),
             .name = middle.name,
             .inputs = {split->input(0), "", ""},
             .outputs = {join->output()},
             .attributes = {{"epsilon", middle.number("epsilon", 1e-5)}, {"num_groups", (*groups)[1]}}};
  rewriting.replace(nodes, std::move(fresh), "an instance normalization of reshaped groups is a group normalization");
}

/// The scale, then the bias, of a normalization that has none yet: the product and the sum after it.
void absorb(Rewriting& rewriting, Node& node) {
  Graph& graph = rewriting.graph();
  Node* next = graph.only_consumer(node.output());
  const Sizes* shape = graph.shape(node.output());
  if (!next || !shape || shape->size() < 2 || !node.input(2).empty()) return;
  const bool is_scale = next->is("Mul") && node.input(1).empty();
  if (!is_scale && !next->is("Add")) return;
  const std::string constant = constant_beside(graph, *next, node.output());
  const Sizes* out = graph.shape(next->output());
  if (constant.empty() || !out || *out != *shape) return;
  const bool is_nothing =
      graph.constant(constant)->shape().size() == 1 && graph.scalar(constant) == (is_scale ? 1.0 : 0.0);
  if (!is_nothing && !lies_along(graph, constant, *shape, {1})) return;
  Node fresh = node;
  fresh.outputs = next->outputs;
  fresh.origins.clear();
  if (!is_nothing) fresh.inputs[is_scale ? 1 : 2] = constant;
  const std::vector<Node*> nodes = {&node, next};
  rewriting.replace_silently(nodes, std::move(fresh));
}

}  // namespace

void recognise_group_normalizations(Rewriting& rewriting) {
  rewriting.each([&](Node& node) { look_for_groups(rewriting, node); });
  // The scale first, then the bias.
  for (int i = 0; i < 2; ++i)
    rewriting.each([&](Node& node) {
      if (node.is_own("GroupNormalization") || node.is_own("InstanceNormalization")) absorb(rewriting, node);
    });
}

}  // namespace evenkeel::interchange::onnx
