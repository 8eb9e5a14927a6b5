#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {

Model vgg_bn(const Request& request, const std::array<int, 5>& stages) {
  Graph graph(request, Pixels::imagenet);
  Node x = graph.pixels();
  int at = 0;  // in torchvision's sequence "features"
  const auto next = [&] { return "features_" + std::to_string(at++); };
  std::int64_t filters = 64;
  for (const int convolutions : stages) {
    for (int i = 0; i < convolutions; ++i) {
      x = graph.conv(next(), {.filters = filters, .bias = true}, x);
      x = graph.norm(next(), x);
      x = graph.activation(next(), x);
    }
    x = graph.add(next(), MaxPooling2D{}, x);
    filters = std::min<std::int64_t>(2 * filters, 512);
  }
  // The five poolings make 7x7 of 224x224.
  if (request.input[0] / 32 != 7 || request.input[1] / 32 != 7)
    x = graph.add("avgpool", AdaptiveAveragePooling2D{.output_size = 7}, x);
  x = graph.add("flatten", Flatten{}, x);
  const Initializer dense = Initializer::truncated_normal(0.01);
  for (const char* name : {"classifier_0", "classifier_3"}) {
    x = graph.activation(std::string(name) + "_relu", graph.dense(name, 4096, x, dense));
    x = graph.add(std::string(name) + "_dropout", Dropout{.rate = 0.5}, x);
  }
  graph.dense("classifier_6", request.classes, x, dense);
  return std::move(graph).finish();
}

}  // namespace evenkeel::architectures
