#include <array>
#include <cmath>

#include "evenkeel/interchange/onnx/patterns/axes.h"
#include "evenkeel/interchange/onnx/patterns/families.h"
#include "evenkeel/interchange/onnx/patterns/standardization.h"

// (x - mean) / sqrt(variance + epsilon) * gamma + beta with vectors for the channels. Constants are computed by now,
// but each says what it was computed from. What a file has as one vector for scale and one for shift has lost its
// statistics: it stays a scale and a shift.

namespace evenkeel::interchange::onnx {
namespace {

/// A node that combines a value with one number for each channel.
struct ChannelStep {
  Node* node = nullptr;
  std::string value, constant;
};

std::optional<ChannelStep> channel_step(Graph& graph, Node* node) {
  if (!node || node->inputs.size() != 2 || !node->domain.empty()) return {};
  const bool swaps = node->op == "Add" || node->op == "Mul";
  if (!swaps && node->op != "Sub" && node->op != "Div") return {};
  const std::size_t i = swaps && graph.constant(node->input(0)) ? 0 : 1;
  ChannelStep step{.node = node, .value = node->input(1 - i), .constant = node->input(i)};
  const Sizes *in = graph.shape(step.value), *out = graph.shape(node->output());
  if (!in || !out || *in != *out || out->size() < 2 || (*out)[1] == 1 || graph.constant(step.value)) return {};
  return lies_along(graph, step.constant, *out, {1}) ? std::optional(step) : std::nullopt;
}

/// The steps that end in `last`, from the first one on; at most four.
std::vector<ChannelStep> steps_before(Graph& graph, Node& last) {
  std::vector<ChannelStep> steps;
  for (Node* node = &last; steps.size() < 4;) {
    const auto step = channel_step(graph, node);
    if (!step) break;
    steps.insert(steps.begin(), *step);
    node = graph.producer(step->value);
  }
  return steps;
}

/// The node that a constant was computed by, if it is of this operator.
const Node* maker_of(const Graph& graph, const std::string& constant, std::string_view op) {
  const Constant* entry = graph.constant_entry(constant);
  return entry && entry->maker && entry->maker->is(op) ? entry->maker.get() : nullptr;
}

struct Deviation {
  std::string variance;
  double epsilon = 0;
};

/// Of a constant sqrt(variance + epsilon).
std::optional<Deviation> deviation_of(const Graph& graph, const std::string& constant) {
  const Node* root = maker_of(graph, constant, "Sqrt");
  if (!root) root = maker_of(graph, constant, "Pow");
  if (!root || (root->is("Pow") && graph.scalar(root->input(1)) != 0.5)) return {};
  const Node* sum = maker_of(graph, root->input(0), "Add");
  if (!sum) return {};
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    const auto epsilon = graph.scalar(sum->input(i));
    const Tensor* number = graph.constant(sum->input(i));
    if (epsilon && *epsilon > 0 && *epsilon <= 0.1 && number->shape().size() == 1)
      return Deviation{.variance = sum->input(1 - i), .epsilon = as_written(*epsilon)};
  }
  return {};
}

/// Of a constant 1 / sqrt(variance + epsilon).
std::optional<Deviation> deviation_of_reciprocal(const Graph& graph, const std::string& constant) {
  if (const Node* maker = maker_of(graph, constant, "Reciprocal")) return deviation_of(graph, maker->input(0));
  const Node* quotient = maker_of(graph, constant, "Div");
  if (quotient && graph.scalar(quotient->input(0)) == 1.0) return deviation_of(graph, quotient->input(1));
  const Node* power = maker_of(graph, constant, "Pow");
  if (!power || graph.scalar(power->input(1)) != -0.5) return {};
  const Node* sum = maker_of(graph, power->input(0), "Add");
  const auto epsilon = sum ? graph.scalar(sum->input(1)) : std::nullopt;
  if (!epsilon || *epsilon <= 0) return {};
  return Deviation{.variance = sum->input(0), .epsilon = as_written(*epsilon)};
}

/// The five of a batch normalization.
struct Parts {
  std::string gamma, beta, mean;
  Deviation deviation;
};

/// gamma / sqrt(variance + epsilon) as one constant.
bool take_scale(const Graph& graph, const std::string& scale, Parts& parts) {
  std::optional<Deviation> deviation;
  if (const Node* quotient = maker_of(graph, scale, "Div")) {
    deviation = deviation_of(graph, quotient->input(1));
    parts.gamma = quotient->input(0);
  }
  if (const Node* product = maker_of(graph, scale, "Mul"))
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}})
      if (const auto found = deviation_of_reciprocal(graph, product->input(i)); found && !deviation) {
        deviation = found;
        parts.gamma = product->input(1 - i);
      }
  if (deviation) parts.deviation = *deviation;
  return deviation.has_value();
}

/// x * scale + shift with scale = gamma / deviation and shift = beta - mean * scale.
std::optional<Parts> parts_of_scale_and_shift(const Graph& graph, const std::vector<ChannelStep>& steps) {
  if (steps.size() != 2 || !steps[0].node->is("Mul") || !steps[1].node->is("Add")) return {};
  Parts parts;
  const Node* difference = maker_of(graph, steps[1].constant, "Sub");
  const Node* product = difference ? maker_of(graph, difference->input(1), "Mul") : nullptr;
  if (!product || !take_scale(graph, steps[0].constant, parts)) return {};
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}})
    if (product->input(i) == steps[0].constant) parts.mean = product->input(1 - i);
  parts.beta = difference->input(0);
  return parts.mean.empty() ? std::nullopt : std::optional(parts);
}

/// (x - mean) * scale + beta, or with gamma and deviation one after the other.
std::optional<Parts> parts_of_steps(const Graph& graph, const std::vector<ChannelStep>& steps) {
  if (steps.size() < 3 || !steps[0].node->is("Sub") || !steps.back().node->is("Add")) return {};
  Parts parts{.gamma = {}, .beta = steps.back().constant, .mean = steps[0].constant, .deviation = {}};
  if (steps.size() == 3)
    return steps[1].node->is("Mul") && take_scale(graph, steps[1].constant, parts) ? std::optional(parts)
                                                                                   : std::nullopt;
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    const ChannelStep &by = steps[i], &other = steps[3 - i];
    const auto deviation = by.node->is("Div")   ? deviation_of(graph, by.constant)
                           : by.node->is("Mul") ? deviation_of_reciprocal(graph, by.constant)
                                                : std::nullopt;
    if (!deviation || !other.node->is("Mul")) continue;
    parts.deviation = *deviation;
    parts.gamma = other.constant;
    return parts;
  }
  return {};
}

/// (x - mean) / deviation * gamma + beta, where the file has the deviation alone: its square is taken as the variance.
std::optional<Parts> parts_without_epsilon(Graph& graph, const std::vector<ChannelStep>& steps) {
  if (steps.size() != 4 || !steps[0].node->is("Sub") || !steps[3].node->is("Add")) return {};
  const bool first = steps[1].node->is("Div");
  const ChannelStep &by = steps[first ? 1 : 2], &other = steps[first ? 2 : 1];
  if (!by.node->is("Div") || !other.node->is("Mul")) return {};
  constexpr double kNoEpsilon = 1e-12;
  const Tensor numbers = converted(*graph.constant(by.constant), DType::float64);
  std::vector<float> variances;
  for (const double value : numbers.as<double>()) {
    if (!(value * value > 1e3 * kNoEpsilon) || value < 0) return {};
    variances.push_back(static_cast<float>(value * value));
  }
  const Shape channels{static_cast<std::int64_t>(variances.size())};
  const std::string variance =
      graph.add_constant(by.constant + "/squared", Tensor::of<float>(channels, std::span(variances)));
  return Parts{.gamma = other.constant,
               .beta = steps[3].constant,
               .mean = steps[0].constant,
               .deviation = {.variance = variance, .epsilon = kNoEpsilon}};
}

void look_for_batch_normalization(Rewriting& rewriting, Node& last) {
  Graph& graph = rewriting.graph();
  if (!last.is("Add")) return;
  std::vector<ChannelStep> steps = steps_before(graph, last);
  std::optional<Parts> parts;
  for (std::size_t count = steps.size(); count >= 2 && !parts; --count) {
    steps.erase(steps.begin(), steps.end() - static_cast<std::ptrdiff_t>(count));
    parts = count == 2 ? parts_of_scale_and_shift(graph, steps) : parts_of_steps(graph, steps);
    if (parts) break;
  }
  if (!parts) steps = steps_before(graph, last);
  std::vector<Node*> nodes;
  for (const ChannelStep& step : steps) nodes.push_back(step.node);
  if (nodes.empty() || !graph.are_alone(nodes, last.output())) return;
  const bool has_epsilon = parts.has_value();
  if (!parts) parts = parts_without_epsilon(graph, steps);
  if (!parts) return;
  const std::int64_t channels = (*graph.shape(last.output()))[1];
  for (const std::string& name : {parts->gamma, parts->beta, parts->mean, parts->deviation.variance})
    if (!graph.constant(name) || graph.constant(name)->shape().size() != channels) return;
  Node fresh{.op = "BatchNormalization",
             .domain = std::string(kOwnDomain),
             .name = {},
             .inputs = {steps[0].value, parts->gamma, parts->beta, parts->mean, parts->deviation.variance},
             .outputs = {last.output()},
             .attributes = {{"epsilon", parts->deviation.epsilon}}};
  const Node& node = rewriting.replace(nodes, std::move(fresh),
                                       "(x - mean) / deviation * gamma + beta is a batch normalization in evaluation");
  if (!has_epsilon)
    rewriting.warn("The epsilon of the batch normalization " + place_in_file(node) +
                   " is part of its variance, because the file has their sum alone.");
}

}  // namespace

void recognise_batch_normalizations(Rewriting& rewriting) {
  rewriting.each([&](Node& node) { look_for_batch_normalization(rewriting, node); });
}

}  // namespace evenkeel::interchange::onnx
