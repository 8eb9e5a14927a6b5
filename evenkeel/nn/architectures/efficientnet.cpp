#include <cmath>

#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {
namespace {

constexpr ActivationFunction kSilu = ActivationFunction::silu;
constexpr double kLastDropRate = 0.2;  // of stochastic depth, which grows with depth from 0

struct MBConv {
  int expansion, kernel, stride;
  std::int64_t filters;
};

Node mb_conv(Graph& graph, const std::string& name, const MBConv& b, double drop_rate, const Node& x) {
  int part = 0;  // in torchvision's sequence "block"
  const auto next = [&] { return name + "_block_" + std::to_string(part++); };
  const std::int64_t expanded = make_divisible(static_cast<double>(x.channels * b.expansion));
  Node y = x;
  if (expanded != x.channels) y = graph.sequence(next(), {.filters = expanded, .kernel = 1}, y);
  y = graph.sequence(next(), {.filters = expanded, .kernel = b.kernel, .stride = b.stride, .groups = expanded}, y);
  const std::int64_t squeezed = std::max<std::int64_t>(1, x.channels / 4);
  y = graph.squeeze_and_excite(next(), squeezed, kSilu, ActivationFunction::sigmoid, y);
  y = graph.sequence(next(), {.filters = b.filters, .kernel = 1}, y, ActivationFunction::linear);
  return b.stride == 1 && x.channels == b.filters ? graph.residual(name, x, y, drop_rate) : y;
}

}  // namespace

Model efficientnet(const Request& request, const Scaling& scaling) {
  Graph graph(request, Pixels::imagenet, {.activation = kSilu});
  const auto width = [&](std::int64_t channels) {
    return make_divisible(static_cast<double>(channels) * scaling.width);
  };
  const auto depth = [&](int blocks) { return static_cast<int>(std::ceil(blocks * scaling.depth)); };
  const std::vector<std::pair<MBConv, int>> stages = {{{1, 3, 1, 16}, 1}, {{6, 3, 2, 24}, 2},  {{6, 5, 2, 40}, 2},
                                                      {{6, 3, 2, 80}, 3}, {{6, 5, 1, 112}, 3}, {{6, 5, 2, 192}, 4},
                                                      {{6, 3, 1, 320}, 1}};
  int blocks = 0, block = 0, at = 1;
  for (const auto& [conv, repeats] : stages) blocks += depth(repeats);
  Node x = graph.sequence("features_0", {.filters = width(32), .stride = 2}, graph.pixels());
  for (const auto& [stage, repeats] : stages) {
    for (int i = 0; i < depth(repeats); ++i) {
      const std::string name = "features_" + std::to_string(at) + '_' + std::to_string(i);
      const MBConv conv{stage.expansion, stage.kernel, i == 0 ? stage.stride : 1, width(stage.filters)};
      x = mb_conv(graph, name, conv, kLastDropRate * block++ / blocks, x);
    }
    ++at;
  }
  x = graph.sequence("features_" + std::to_string(at), {.filters = 4 * x.channels, .kernel = 1}, x);
  x = graph.add("avgpool", GlobalAveragePooling2D{}, x);
  x = graph.add("classifier_0", Dropout{.rate = scaling.dropout}, x);
  graph.dense("classifier_1", request.classes, x);
  return std::move(graph).finish();
}

}  // namespace evenkeel::architectures
