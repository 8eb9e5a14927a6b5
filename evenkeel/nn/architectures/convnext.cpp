#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {
namespace {

const Initializer kNarrow = Initializer::truncated_normal(0.02);

Node layer_norm(Graph& graph, const std::string& name, const Node& x) {
  return graph.add(name, LayerNormalization{.epsilon = 1e-6}, x);
}

Node convnext_block(Graph& graph, const std::string& name, double drop_rate, const Node& x) {
  const std::string block = name + "_block_";
  Node y = graph.conv(block + '0', {.filters = x.channels, .kernel = 7, .groups = x.channels, .bias = true}, x);
  y = layer_norm(graph, block + '2', y);
  y = graph.activation(block + '4', graph.dense(block + '3', 4 * x.channels, y, kNarrow));
  y = graph.dense(block + '5', x.channels, y, kNarrow);
  y = graph.add(name + "_layer_scale", LayerScale{.initial_value = 1e-6}, y);
  return graph.residual(name, x, y, drop_rate);
}

}  // namespace

Model convnext(const Request& request, const Depths& depths) {
  Graph graph(request, Pixels::imagenet, {.activation = ActivationFunction::gelu, .kernel = kNarrow});
  const auto patches = [&](const std::string& name, std::int64_t filters, int size, const Node& x) {
    const Conv conv{.filters = filters, .kernel = size, .stride = size, .bias = true, .padding = Padding::valid};
    return graph.conv(name, conv, x);
  };
  int blocks = 0, block = 0, at = 1;
  for (const int count : depths.blocks) blocks += count;
  Node x = layer_norm(graph, "features_0_1", patches("features_0_0", depths.channels, 4, graph.pixels()));
  for (const int count : depths.blocks) {
    if (at > 1) {
      const std::string name = "features_" + std::to_string(at++);
      x = patches(name + "_1", 2 * x.channels, 2, layer_norm(graph, name + "_0", x));
    }
    const std::string name = "features_" + std::to_string(at++) + '_';
    for (int i = 0; i < count; ++i)
      x = convnext_block(graph, name + std::to_string(i), depths.drop_rate * block++ / (blocks - 1), x);
  }
  x = graph.add("avgpool", GlobalAveragePooling2D{}, x);
  x = layer_norm(graph, "classifier_0", x);
  graph.dense("classifier_2", request.classes, x, kNarrow);
  return std::move(graph).finish();
}

}  // namespace evenkeel::architectures
