#include <algorithm>
#include <array>
#include <set>

#include "evenkeel/interchange/onnx/converter.h"
#include "evenkeel/interchange/onnx/simplify.h"

namespace evenkeel::interchange::onnx {
namespace {

/// Nodes whose values nothing needs, such as counters of updates.
void drop_unused(Graph& graph) {
  std::set<const Node*> needed;
  std::vector<const Node*> open;
  for (const std::string& output : graph.outputs)
    if (const Node* node = graph.producer(output)) open.push_back(node);
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    if (!needed.insert(node).second) continue;
    for (const std::string& input : node->inputs)
      if (const Node* maker = graph.producer(input)) open.push_back(maker);
  }
  for (auto place = graph.nodes().begin(); place != graph.nodes().end();) {
    Node& node = *place++;
    if (!needed.contains(&node)) graph.remove(node);
  }
}

/// The number of elements that a constant has, if it is one number for each channel (axis 1 of `rank`, or the last
/// one).
std::int64_t channels_in(const Tensor& constant, int rank, bool last) {
  const Shape& shape = constant.shape();
  const int axis = last ? rank - 1 : 1;
  for (int i = 0; i < shape.rank(); ++i)
    if (shape[i] != 1 && i + rank - shape.rank() != axis) return 0;
  return shape.rank() > rank ? 0 : shape.size();
}

/// x W + b, and a convolution whose bias is added by a node of its own.
void take_bias(Graph& graph, Node& linear) {
  const bool is_product = linear.is("MatMul"), is_convolution = linear.is("Conv") || linear.is("ConvTranspose");
  if (!is_product && !(is_convolution && linear.input(2).empty())) return;
  Node* sum = graph.only_consumer(linear.output());
  if (!sum || !sum->is("Add") || !graph.constant(linear.input(1))) return;
  const std::string& bias = sum->input(0) == linear.output() ? sum->input(1) : sum->input(0);
  const Sizes *weights = graph.shape(linear.input(1)), *shape = graph.shape(linear.output());
  if (!graph.constant(bias) || !weights || !shape || weights->size() < 2) return;
  const std::int64_t outputs = is_product ? weights->back() : (*shape)[1];
  if (channels_in(*graph.constant(bias), static_cast<int>(shape->size()), is_product) != outputs) return;
  Node fresh = linear;
  fresh.origins.clear();
  if (is_product) {
    fresh.op = "Dense";
    fresh.domain = kOwnDomain;
  }
  fresh.inputs = {linear.input(0), linear.input(1), bias};
  fresh.outputs = {sum->output()};
  graph.replace(std::array{&linear, sum}, std::move(fresh));
}

/// Zeros around an image, right before a convolution that has numbers of its own for them.
void take_padding(Graph& graph, Node& convolution) {
  if (!convolution.is("Conv") ||
      (convolution.text("auto_pad", "NOTSET") != "NOTSET" && convolution.text("auto_pad", "") != "VALID"))
    return;
  Node* pad = graph.producer(convolution.input(0));
  const Sizes* in = pad ? graph.shape(pad->input(0)) : nullptr;
  if (!pad || !pad->is("Pad") || graph.only_consumer(convolution.input(0)) != &convolution || !in || in->size() < 3)
    return;
  if (pad->text("mode", "constant") != "constant" || number_of(graph, *pad, "value", 2).value_or(0) != 0) return;
  const Added by = padding_of(graph, *pad, *in);
  const std::size_t axes = in->size() - 2;
  const auto is_padded = [&](std::size_t i) { return by.before[i] != 0 || by.after[i] != 0; };
  if (is_padded(0) || is_padded(1)) return;
  const bool valid = convolution.text("auto_pad", "NOTSET") == "VALID";
  Sizes pads = valid ? Sizes(2 * axes, 0) : convolution.integers("pads", Sizes(2 * axes, 0));
  if (pads.size() != 2 * axes) return;
  for (std::size_t i = 0; i < axes; ++i) {
    if (by.before[i + 2] < 0 || by.after[i + 2] < 0) return;
    pads[i] += by.before[i + 2];
    pads[i + axes] += by.after[i + 2];
  }
  Node fresh = convolution;
  fresh.origins.clear();
  fresh.attributes["pads"] = pads;
  fresh.attributes["auto_pad"] = std::string("NOTSET");
  fresh.inputs[0] = pad->input(0);
  graph.replace(std::array{pad, &convolution}, std::move(fresh));
}

/// A product with constants and a sum with others, in this order: one scale and shift, so that both keep their names.
void take_shift(Graph& graph, Node& product) {
  if (!product.is("Mul")) return;
  Node* sum = graph.only_consumer(product.output());
  if (!sum || !sum->is("Add")) return;
  const bool first = graph.constant(product.input(0)) != nullptr;
  const std::string& scale = product.input(first ? 0 : 1);
  const std::string& x = product.input(first ? 1 : 0);
  const std::string& shift = sum->input(0) == product.output() ? sum->input(1) : sum->input(0);
  if (!graph.constant(scale) || graph.constant(x) || !graph.constant(shift)) return;
  // Neither may repeat the value itself.
  const Sizes *in = graph.shape(x), *out = graph.shape(sum->output());
  if (!in || !out || *in != *out) return;
  graph.replace(
      std::array{&product, sum},
      {.op = "Affine", .domain = std::string(kOwnDomain), .inputs = {x, scale, shift}, .outputs = {sum->output()}});
}

template <class F>
void for_each_node(Graph& graph, F f) {
  // Nodes are replaced while they are visited: by name of what they make.
  std::vector<std::string> made;
  for (const Node& node : graph.nodes()) made.push_back(node.output());
  for (const std::string& value : made)
    if (Node* node = graph.producer(value)) f(graph, *node);
}

}  // namespace

void prepare(Graph& graph) {
  drop_unused(graph);
  for_each_node(graph, take_bias);
  for_each_node(graph, take_padding);
  for_each_node(graph, take_shift);
}

}  // namespace evenkeel::interchange::onnx
