#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {
namespace {

Node depthwise_norm(Graph& graph, const std::string& conv, const std::string& norm, std::int64_t stride,
                    const Node& x) {
  return graph.conv_norm(conv, norm, {.filters = x.channels, .stride = stride, .groups = x.channels}, x);
}

/// 1x1, depthwise, 1x1: torchvision's branch2.
Node main_branch(Graph& graph, const std::string& name, std::int64_t filters, std::int64_t stride, const Node& x) {
  const Conv point{.filters = filters, .kernel = 1};
  Node y = graph.conv_norm(name + "_0", name + "_1", point, x, name + "_2");
  y = depthwise_norm(graph, name + "_3", name + "_4", stride, y);
  return graph.conv_norm(name + "_5", name + "_6", point, y, name + "_7");
}

/// Half of the channels pass, the other half are computed; then they are mixed.
Node shuffle_unit(Graph& graph, const std::string& name, const Node& x) {
  const std::int64_t half = x.channels / 2;
  Node passed = graph.add(name + "_half1", SliceChannels{.begin = 0, .count = half}, x);
  Node other = graph.add(name + "_half2", SliceChannels{.begin = half, .count = half}, x);
  passed.channels = other.channels = half;
  const Node y = graph.concatenate(name + "_concat", {passed, main_branch(graph, name + "_branch2", half, 1, other)});
  return graph.add(name + "_shuffle", ChannelShuffle{.groups = 2}, y);
}

/// All channels go into both branches, at half the size.
Node shuffle_halving(Graph& graph, const std::string& name, std::int64_t filters, const Node& x) {
  const std::string first = name + "_branch1";
  Node y = depthwise_norm(graph, first + "_0", first + "_1", 2, x);
  y = graph.conv_norm(first + "_2", first + "_3", {.filters = filters / 2, .kernel = 1}, y, first + "_4");
  y = graph.concatenate(name + "_concat", {y, main_branch(graph, name + "_branch2", filters / 2, 2, x)});
  return graph.add(name + "_shuffle", ChannelShuffle{.groups = 2}, y);
}

}  // namespace

Model shufflenet_v2(const Request& request, const std::array<int, 4>& channels) {
  Graph graph(request, Pixels::imagenet);
  Node x = graph.sequence("conv1", {.filters = 24, .stride = 2}, graph.pixels());
  x = graph.add("maxpool", MaxPooling2D{.pool_size = 3, .strides = 2, .padding = 1}, x);
  for (int stage = 0; stage < 3; ++stage) {
    const std::string name = "stage" + std::to_string(stage + 2) + '_';
    x = shuffle_halving(graph, name + '0', channels[static_cast<std::size_t>(stage)], x);
    for (int i = 1; i < (stage == 1 ? 8 : 4); ++i) x = shuffle_unit(graph, name + std::to_string(i), x);
  }
  x = graph.sequence("conv5", {.filters = channels[3], .kernel = 1}, x);
  x = graph.add("avgpool", GlobalAveragePooling2D{}, x);
  graph.dense("fc", request.classes, x);
  return std::move(graph).finish();
}

}  // namespace evenkeel::architectures
