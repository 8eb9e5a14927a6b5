#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {
namespace {

constexpr ActivationFunction kRelu6 = ActivationFunction::relu6;

std::string feature(int i) { return "features_" + std::to_string(i); }

/// The end of torchvision's networks: means, dropout, a dense layer.
Model with_dropout_and_classes(Graph graph, const Request& request, Node x, double rate) {
  x = graph.add("avgpool", GlobalAveragePooling2D{}, x);
  x = graph.add("classifier_0", Dropout{.rate = rate}, x);
  graph.dense("classifier_1", request.classes, x, Initializer::truncated_normal(0.01));
  return std::move(graph).finish();
}

}  // namespace

Model mobilenet_v1(const Request& request) {
  Graph graph(request, Pixels::symmetric, {.norm = {}, .activation = kRelu6, .kernel = Initializer::glorot_uniform()});
  Node x = graph.conv_norm("conv1", "conv1_bn", {.filters = 32, .stride = 2, .padding = Padding::same}, graph.pixels(),
                           "conv1_relu");
  // The filters of each 1x1 convolution, and the stride of the depthwise one before it.
  const std::vector<std::pair<int, int>> blocks = {{64, 1},  {128, 2},  {128, 1}, {256, 2}, {256, 1},
                                                   {512, 2}, {512, 1},  {512, 1}, {512, 1}, {512, 1},
                                                   {512, 1}, {1024, 2}, {1024, 1}};
  int i = 0;
  for (const auto& [filters, stride] : blocks) {
    const std::string at = std::to_string(++i), dw = "conv_dw_" + at, pw = "conv_pw_" + at;
    const Padding padding = stride == 1 ? Padding::same : Padding(0, 1, 0, 1);
    const Conv depthwise{.filters = x.channels, .stride = stride, .groups = x.channels, .padding = padding};
    x = graph.conv_norm(dw, dw + "_bn", depthwise, x, dw + "_relu");
    x = graph.conv_norm(pw, pw + "_bn", {.filters = filters, .kernel = 1}, x, pw + "_relu");
  }
  x = graph.add("global_average_pooling2d", GlobalAveragePooling2D{.keepdims = true}, x);
  x = graph.add("dropout", Dropout{.rate = 1e-3}, x);
  x = graph.conv("conv_preds", {.filters = request.classes, .kernel = 1, .bias = true}, x);
  graph.add("reshape_2", Flatten{}, x);
  return std::move(graph).finish();
}

Model mobilenet_v2(const Request& request) {
  Graph graph(request, Pixels::imagenet, {.activation = kRelu6});
  Node x = graph.sequence("features_0", {.filters = 32, .stride = 2}, graph.pixels());
  struct Group {
    int expansion, filters, blocks, stride;
  };
  int at = 1;
  for (const Group& g :
       {Group{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}})
    for (int i = 0; i < g.blocks; ++i) {
      const std::string name = feature(at++), conv = name + "_conv_";
      const std::int64_t hidden = x.channels * g.expansion, stride = i == 0 ? g.stride : 1;
      int part = 0;  // in torchvision's sequence "conv"
      const auto next = [&] { return conv + std::to_string(part++); };
      Node y = x;
      if (g.expansion > 1) y = graph.sequence(next(), {.filters = hidden, .kernel = 1}, y);
      y = graph.sequence(next(), {.filters = hidden, .stride = stride, .groups = hidden}, y);
      const std::string project = next();
      y = graph.conv_norm(project, next(), {.filters = g.filters, .kernel = 1}, y);
      x = stride == 1 && x.channels == y.channels ? graph.residual(name, x, y) : y;
    }
  x = graph.sequence(feature(at), {.filters = 1280, .kernel = 1}, x);
  return with_dropout_and_classes(std::move(graph), request, x, 0.2);
}

}  // namespace evenkeel::architectures
