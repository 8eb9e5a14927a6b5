#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {
namespace {

const Style kKerasResNet{.norm = {.epsilon = 1.001e-5}, .kernel = Initializer::glorot_uniform()};

/// A stage's first block has a convolution as its shortcut; its last one has the stride.
Node preactivated_block(Graph& graph, const std::string& name, std::int64_t width, std::int64_t stride, bool is_first,
                        const Node& x) {
  const Node in = graph.activation(name + "_preact_relu", graph.norm(name + "_preact_bn", x));
  Node other = x;
  if (is_first)
    other = graph.conv(name + "_0_conv", {.filters = 4 * width, .kernel = 1, .stride = stride, .bias = true}, in);
  else if (stride > 1)
    other = graph.add(name + "_0_pool", MaxPooling2D{.pool_size = 1, .strides = stride}, x);
  Node y = graph.conv_norm(name + "_1_conv", name + "_1_bn", {.filters = width, .kernel = 1}, in, name + "_1_relu");
  y = graph.conv_norm(name + "_2_conv", name + "_2_bn", {.filters = width, .stride = stride}, y, name + "_2_relu");
  y = graph.conv(name + "_3_conv", {.filters = 4 * width, .kernel = 1, .bias = true}, y);
  return graph.sum(name + "_out", other, y);
}

}  // namespace

Model resnet_v2(const Request& request, const Stages& stages) {
  Graph graph(request, Pixels::symmetric, kKerasResNet);
  Node x = graph.conv("conv1_conv", {.filters = 64, .kernel = 7, .stride = 2, .bias = true}, graph.pixels());
  // Here the zeros count: what is pooled may be negative.
  x = graph.add("pool1_pad", ZeroPadding2D{.padding = 1}, x);
  x = graph.add("pool1_pool", MaxPooling2D{.pool_size = 3, .strides = 2}, x);
  for (int stage = 0; stage < 4; ++stage) {
    const int blocks = stages[static_cast<std::size_t>(stage)];
    for (int i = 1; i <= blocks; ++i) {
      const std::string name = "conv" + std::to_string(stage + 2) + "_block" + std::to_string(i);
      x = preactivated_block(graph, name, 64 << stage, i == blocks && stage < 3 ? 2 : 1, i == 1, x);
    }
  }
  x = graph.activation("post_relu", graph.norm("post_bn", x));
  x = graph.add("avg_pool", GlobalAveragePooling2D{}, x);
  graph.dense("predictions", request.classes, x);
  return std::move(graph).finish();
}

}  // namespace evenkeel::architectures
