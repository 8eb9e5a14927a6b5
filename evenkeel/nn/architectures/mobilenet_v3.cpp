#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {
namespace {

constexpr ActivationFunction kHardSwish = ActivationFunction::hard_swish;

struct InvertedResidual {
  int kernel, expanded, filters;
  bool squeeze;
  ActivationFunction activation;
  int stride;
};

Node inverted_residual(Graph& graph, const std::string& name, const InvertedResidual& b, const Node& x) {
  int part = 0;  // in torchvision's sequence "block"
  const auto next = [&] { return name + "_block_" + std::to_string(part++); };
  Node y = x;
  if (b.expanded != x.channels) y = graph.sequence(next(), {.filters = b.expanded, .kernel = 1}, y, b.activation);
  y = graph.sequence(next(), {.filters = b.expanded, .kernel = b.kernel, .stride = b.stride, .groups = b.expanded}, y,
                     b.activation);
  if (b.squeeze)
    y = graph.squeeze_and_excite(next(), make_divisible(b.expanded / 4), ActivationFunction::relu,
                                 ActivationFunction::hard_sigmoid, y);
  y = graph.sequence(next(), {.filters = b.filters, .kernel = 1}, y, ActivationFunction::linear);
  return b.stride == 1 && x.channels == b.filters ? graph.residual(name, x, y) : y;
}

Model mobilenet_v3(const Request& request, const std::vector<InvertedResidual>& blocks, std::int64_t units) {
  Graph graph(request, Pixels::imagenet, {.norm = torch_norm(1e-3, 0.01), .activation = kHardSwish});
  Node x = graph.sequence("features_0", {.filters = 16, .stride = 2}, graph.pixels());
  int at = 1;
  for (const InvertedResidual& block : blocks)
    x = inverted_residual(graph, "features_" + std::to_string(at++), block, x);
  x = graph.sequence("features_" + std::to_string(at), {.filters = 6 * x.channels, .kernel = 1}, x);
  const Initializer dense = Initializer::truncated_normal(0.01);
  x = graph.add("avgpool", GlobalAveragePooling2D{}, x);
  x = graph.activation("classifier_1", graph.dense("classifier_0", units, x, dense));
  x = graph.add("classifier_2", Dropout{.rate = 0.2}, x);
  graph.dense("classifier_3", request.classes, x, dense);
  return std::move(graph).finish();
}

constexpr ActivationFunction kRelu3 = ActivationFunction::relu;

}  // namespace

Model mobilenet_v3_small(const Request& request) {
  return mobilenet_v3(request,
                      {{3, 16, 16, true, kRelu3, 2},
                       {3, 72, 24, false, kRelu3, 2},
                       {3, 88, 24, false, kRelu3, 1},
                       {5, 96, 40, true, kHardSwish, 2},
                       {5, 240, 40, true, kHardSwish, 1},
                       {5, 240, 40, true, kHardSwish, 1},
                       {5, 120, 48, true, kHardSwish, 1},
                       {5, 144, 48, true, kHardSwish, 1},
                       {5, 288, 96, true, kHardSwish, 2},
                       {5, 576, 96, true, kHardSwish, 1},
                       {5, 576, 96, true, kHardSwish, 1}},
                      1024);
}

Model mobilenet_v3_large(const Request& request) {
  return mobilenet_v3(request,
                      {{3, 16, 16, false, kRelu3, 1},
                       {3, 64, 24, false, kRelu3, 2},
                       {3, 72, 24, false, kRelu3, 1},
                       {5, 72, 40, true, kRelu3, 2},
                       {5, 120, 40, true, kRelu3, 1},
                       {5, 120, 40, true, kRelu3, 1},
                       {3, 240, 80, false, kHardSwish, 2},
                       {3, 200, 80, false, kHardSwish, 1},
                       {3, 184, 80, false, kHardSwish, 1},
                       {3, 184, 80, false, kHardSwish, 1},
                       {3, 480, 112, true, kHardSwish, 1},
                       {3, 672, 112, true, kHardSwish, 1},
                       {5, 672, 160, true, kHardSwish, 2},
                       {5, 960, 160, true, kHardSwish, 1},
                       {5, 960, 160, true, kHardSwish, 1}},
                      1280);
}

}  // namespace evenkeel::architectures
