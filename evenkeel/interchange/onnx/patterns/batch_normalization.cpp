#include <cmath>

#include "evenkeel/interchange/onnx/patterns/axes.h"
#include "evenkeel/interchange/onnx/patterns/families.h"

// (x - mean) / deviation * gamma + beta with four vectors. What is folded into fewer vectors has lost its statistics:
// it is a scale and a shift.

namespace evenkeel::interchange::onnx {
namespace {

/// Steps of the arithmetic, from x on.
struct Step {
  Node* node = nullptr;
  std::string constant;
};

/// A node that combines a value with one number for each channel.
std::optional<Step> step_of(Graph& graph, Node* node) {
  if (!node || node->inputs.size() != 2 || !node->domain.empty()) return {};
  const Sizes* out = graph.shape(node->output());
  if (!out || out->size() < 2) return {};
  const bool swaps = node->op == "Add" || node->op == "Mul";
  if (!swaps && node->op != "Sub" && node->op != "Div") return {};
  const std::size_t i = swaps && graph.constant(node->input(0)) ? 0 : 1;
  const Sizes* in = graph.shape(node->input(1 - i));
  if (!in || *in != *out || graph.constant(node->input(1 - i))) return {};
  if (!lies_along(graph, node->input(i), *out, {1}) || (*out)[1] == 1) return {};
  return Step{.node = node, .constant = node->input(i)};
}

const std::string& value_of(const Graph& graph, const Step& step) {
  return graph.constant(step.node->input(0)) ? step.node->input(1) : step.node->input(0);
}

/// The steps that end in `last`, from the first one on; at most four.
std::vector<Step> steps_before(Graph& graph, Node& last) {
  std::vector<Step> steps;
  for (Node* node = &last; steps.size() < 4;) {
    const auto step = step_of(graph, node);
    if (!step) break;
    steps.insert(steps.begin(), *step);
    node = graph.producer(value_of(graph, *step));
  }
  return steps;
}

std::vector<float> variances_from(const Tensor& deviation, double epsilon) {
  const Tensor numbers = converted(deviation, DType::float64);
  std::vector<float> variances;
  for (const double value : numbers.as<double>()) {
    if (!(value > 0) || !(value * value > epsilon)) return {};
    variances.push_back(static_cast<float>(value * value - epsilon));
  }
  return variances;
}

void look_for_batch_normalization(Rewriting& rewriting, Node& last) {
  Graph& graph = rewriting.graph();
  if (!last.is("Add")) return;
  const std::vector<Step> steps = steps_before(graph, last);
  if (steps.size() != 4 || !steps[0].node->is("Sub")) return;
  const Step *scale = nullptr, *deviation = nullptr;
  for (const Step* step : {&steps[1], &steps[2]}) (step->node->is("Div") ? deviation : scale) = step;
  if (!scale || !deviation || !scale->node->is("Mul")) return;
  // The file has one number for sqrt(variance + epsilon), which takes the place of the root of the variance.
  constexpr double kNoEpsilon = 1e-12;
  const std::vector<float> variances = variances_from(*graph.constant(deviation->constant), kNoEpsilon);
  const std::vector<Node*> nodes = {steps[0].node, steps[1].node, steps[2].node, steps[3].node};
  if (variances.empty() || !graph.are_alone(nodes, last.output())) return;
  const auto channels = static_cast<std::int64_t>(variances.size());
  const std::string variance =
      graph.add_constant(deviation->constant + "/variance", Tensor::of<float>({channels}, std::span(variances)));
  Node fresh{.op = "BatchNormalization",
             .domain = std::string(kOwnDomain),
             .name = {},
             .inputs = {value_of(graph, steps[0]), scale->constant, steps[3].constant, steps[0].constant, variance},
             .outputs = {last.output()},
             .attributes = {{"epsilon", kNoEpsilon}}};
  const Node& node = rewriting.replace(nodes, std::move(fresh),
                                       "(x - mean) / deviation * gamma + beta is a batch normalization in evaluation");
  rewriting.warn("The epsilon of the batch normalization " + module_of(node.title()) +
                 " is part of its variance, because the file has their sum alone.");
}

}  // namespace

void recognise_batch_normalizations(Rewriting& rewriting) {
  rewriting.each([&](Node& node) { look_for_batch_normalization(rewriting, node); });
}

}  // namespace evenkeel::interchange::onnx
