#include <algorithm>

#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {
namespace {

std::string numbered(const std::string& name, int i) { return name + '_' + std::to_string(i); }

/// The input itself, or a 1x1 convolution of it where the sizes differ.
Node shortcut(Graph& graph, const std::string& name, std::int64_t filters, std::int64_t stride, const Node& x) {
  if (stride == 1 && x.channels == filters) return x;
  return graph.conv_norm(name + "_downsample_0", name + "_downsample_1",
                         {.filters = filters, .kernel = 1, .stride = stride}, x);
}

Node basic_block(Graph& graph, const std::string& name, std::int64_t filters, std::int64_t stride, const Node& x) {
  Node y = graph.conv_norm(name + "_conv1", name + "_bn1", {.filters = filters, .stride = stride}, x, name + "_relu1");
  y = graph.conv_norm(name + "_conv2", name + "_bn2", {.filters = filters}, y);
  return graph.activation(name + "_relu", graph.residual(name, shortcut(graph, name, filters, stride, x), y));
}

/// The stride is at the 3x3 convolution, as in torchvision; in the paper it is at the first 1x1.
Node bottleneck_block(Graph& graph, const std::string& name, std::int64_t width, std::int64_t groups,
                      std::int64_t filters, std::int64_t stride, const Node& x) {
  Node y = graph.conv_norm(name + "_conv1", name + "_bn1", {.filters = width, .kernel = 1}, x, name + "_relu1");
  y = graph.conv_norm(name + "_conv2", name + "_bn2", {.filters = width, .stride = stride, .groups = groups}, y,
                      name + "_relu2");
  y = graph.conv_norm(name + "_conv3", name + "_bn3", {.filters = filters, .kernel = 1}, y);
  return graph.activation(name + "_relu", graph.residual(name, shortcut(graph, name, filters, stride, x), y));
}

Node imagenet_stem(Graph& graph) {
  const Node x = graph.conv_norm("conv1", "bn1", {.filters = 64, .kernel = 7, .stride = 2}, graph.pixels(), "relu");
  return graph.add("maxpool", MaxPooling2D{.pool_size = 3, .strides = 2, .padding = 1}, x);
}

Model with_classes(Graph graph, const Request& request, Node x) {
  x = graph.add("avgpool", GlobalAveragePooling2D{}, x);
  graph.dense("fc", request.classes, x);
  return std::move(graph).finish();
}

/// Runs `block(name, stage, stride, x)` over the stages, named layer<stage>_<block>. All stages but the first halve.
template <class Counts, class Block>
Node run_stages(const Counts& blocks, Node x, Block block) {
  for (int stage = 0; stage < static_cast<int>(blocks.size()); ++stage)
    for (int i = 0; i < blocks[static_cast<std::size_t>(stage)]; ++i)
      x = block(numbered("layer" + std::to_string(stage + 1), i), stage, i == 0 && stage > 0 ? 2 : 1, x);
  return x;
}

}  // namespace

Model resnet(const Request& request, const Stages& blocks) {
  Graph graph(request, Pixels::imagenet);
  const Node x = run_stages(blocks, imagenet_stem(graph), [&](const auto& name, int stage, int stride, const Node& in) {
    return basic_block(graph, name, 64 << stage, stride, in);
  });
  return with_classes(std::move(graph), request, x);
}

Model resnet_of_bottlenecks(const Request& request, const Stages& blocks, const Bottleneck& b) {
  Graph graph(request, Pixels::imagenet);
  const Node x = run_stages(blocks, imagenet_stem(graph), [&](const auto& name, int stage, int stride, const Node& in) {
    return bottleneck_block(graph, name, (b.width * b.groups) << stage, b.groups, 256 << stage, stride, in);
  });
  return with_classes(std::move(graph), request, x);
}

Model resnet_cifar(const Request& request, int blocks) {
  Graph graph(request, Pixels::cifar);
  Node x = graph.conv_norm("conv1", "bn1", {.filters = 16}, graph.pixels(), "relu");
  x = run_stages(std::array{blocks, blocks, blocks}, x, [&](const auto& name, int stage, int stride, const Node& in) {
    return basic_block(graph, name, 16 << stage, stride, in);
  });
  return with_classes(std::move(graph), request, x);
}

Model wide_resnet(const Request& request, int blocks, int factor) {
  Graph graph(request, Pixels::cifar);
  Node x = graph.conv("conv1", {.filters = 16}, graph.pixels());
  const auto block = [&](const std::string& name, int stage, int stride, const Node& in) {
    const std::int64_t filters = (16 * factor) << stage;
    const Node first = graph.activation(name + "_relu1", graph.norm(name + "_bn1", in));
    const bool same = in.channels == filters;
    Node y =
        graph.conv_norm(name + "_conv1", name + "_bn2", {.filters = filters, .stride = stride}, first, name + "_relu2");
    y = graph.add(name + "_dropout", Dropout{.rate = 0.3}, y);
    y = graph.conv(name + "_conv2", {.filters = filters}, y);
    const Node other =
        same ? in : graph.conv(name + "_shortcut", {.filters = filters, .kernel = 1, .stride = stride}, first);
    return graph.residual(name, other, y);
  };
  x = run_stages(std::array{blocks, blocks, blocks}, x, block);
  x = graph.activation("relu", graph.norm("bn", x));
  return with_classes(std::move(graph), request, x);
}

}  // namespace evenkeel::architectures
