#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {
namespace {

/// Appends `growth` channels, computed from all before them.
Node dense_layer(Graph& graph, const std::string& name, std::int64_t growth, const Node& x) {
  Node y = graph.activation(name + "_relu1", graph.norm(name + "_norm1", x));
  y = graph.conv_norm(name + "_conv1", name + "_norm2", {.filters = 4 * growth, .kernel = 1}, y, name + "_relu2");
  y = graph.conv(name + "_conv2", {.filters = growth}, y);
  return graph.concatenate(name + "_concat", {x, y});
}

/// Half of the channels, half the size.
Node transition(Graph& graph, const std::string& name, const Node& x) {
  Node y = graph.activation(name + "_relu", graph.norm(name + "_norm", x));
  y = graph.conv(name + "_conv", {.filters = x.channels / 2, .kernel = 1}, y);
  return graph.add(name + "_pool", AveragePooling2D{}, y);
}

}  // namespace

Model densenet(const Request& request, const DenseBlocks& blocks) {
  Graph graph(request, Pixels::imagenet);
  Node x = graph.conv_norm("features_conv0", "features_norm0", {.filters = blocks.first, .kernel = 7, .stride = 2},
                           graph.pixels(), "features_relu0");
  x = graph.add("features_pool0", MaxPooling2D{.pool_size = 3, .strides = 2, .padding = 1}, x);
  for (int block = 1; block <= 4; ++block) {
    if (block > 1) x = transition(graph, "features_transition" + std::to_string(block - 1), x);
    const std::string name = "features_denseblock" + std::to_string(block) + "_denselayer";
    for (int i = 1; i <= blocks.layers[static_cast<std::size_t>(block - 1)]; ++i)
      x = dense_layer(graph, name + std::to_string(i), blocks.growth, x);
  }
  x = graph.activation("features_relu5", graph.norm("features_norm5", x));
  x = graph.add("avgpool", GlobalAveragePooling2D{}, x);
  graph.dense("classifier", request.classes, x);
  return std::move(graph).finish();
}

}  // namespace evenkeel::architectures
