#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {
namespace {

constexpr ActivationFunction kRelu = ActivationFunction::relu;

/// A squeeze of the channels, then 1x1 and 3x3 convolutions side by side.
Node fire(Graph& graph, int at, std::int64_t squeezed, const Node& x) {
  const std::string name = "features_" + std::to_string(at);
  const auto conv = [&](const std::string& part, std::int64_t filters, int kernel, const Node& in) {
    return graph.conv(name + part, {.filters = filters, .kernel = kernel, .bias = true, .activation = kRelu}, in);
  };
  const Node squeeze = conv("_squeeze", squeezed, 1, x);
  return graph.concatenate(
      name + "_concat", {conv("_expand1x1", 4 * squeezed, 1, squeeze), conv("_expand3x3", 4 * squeezed, 3, squeeze)});
}

/// `first` is the convolution; `squeezed` are torchvision's features from number 2 on: a Fire, or 0 for a pooling.
Model squeezenet(const Request& request, const Conv& first, const std::vector<int>& squeezed) {
  Graph graph(request, Pixels::imagenet);
  Node x = graph.conv("features_0", first, graph.pixels());
  int at = 2;
  for (const int width : squeezed) {
    x = width > 0 ? fire(graph, at, width, x)
                  : graph.add("features_" + std::to_string(at),
                              MaxPooling2D{.pool_size = 3, .strides = 2, .ceil_mode = true}, x);
    ++at;
  }
  x = graph.add("classifier_0", Dropout{.rate = 0.5}, x);
  const Conv last{.filters = request.classes, .kernel = 1, .bias = true, .activation = kRelu};
  x = graph.conv("classifier_1", last, x);
  graph.add("classifier_3", GlobalAveragePooling2D{}, x);
  return std::move(graph).finish();
}

}  // namespace

Model squeezenet1_0(const Request& request) {
  const Conv first{
      .filters = 96, .kernel = 7, .stride = 2, .bias = true, .padding = Padding::valid, .activation = kRelu};
  return squeezenet(request, first, {0, 16, 16, 32, 0, 32, 48, 48, 64, 0, 64});
}

Model squeezenet1_1(const Request& request) {
  const Conv first{.filters = 64, .stride = 2, .bias = true, .padding = Padding::valid, .activation = kRelu};
  return squeezenet(request, first, {0, 16, 16, 0, 32, 32, 0, 48, 48, 64, 64});
}

}  // namespace evenkeel::architectures
