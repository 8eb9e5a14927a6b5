#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {
namespace {

Node mnas_block(Graph& graph, const std::string& name, const Conv& depthwise, std::int64_t filters, const Node& x) {
  const auto part = [&](int i) { return name + "_layers_" + std::to_string(i); };
  Node y = graph.conv_norm(part(0), part(1), {.filters = depthwise.filters, .kernel = 1}, x, part(2));
  y = graph.conv_norm(part(3), part(4), depthwise, y, part(5));
  y = graph.conv_norm(part(6), part(7), {.filters = filters, .kernel = 1}, y);
  return depthwise.stride.h == 1 && x.channels == filters ? graph.residual(name, x, y) : y;
}

}  // namespace

Model mnasnet(const Request& request, double width) {
  Graph graph(request, Pixels::imagenet, {.norm = torch_norm(1e-5, 1 - 0.9997)});
  const auto scaled = [&](std::int64_t channels) { return make_divisible(static_cast<double>(channels) * width); };
  const auto part = [](int i) { return "layers_" + std::to_string(i); };
  const std::int64_t first = scaled(32);
  Node x = graph.conv_norm(part(0), part(1), {.filters = first, .stride = 2}, graph.pixels(), part(2));
  x = graph.conv_norm(part(3), part(4), {.filters = first, .groups = first}, x, part(5));
  x = graph.conv_norm(part(6), part(7), {.filters = scaled(16), .kernel = 1}, x);
  struct Stack {
    std::int64_t filters, kernel, stride, expansion;
    int blocks;
  };
  int at = 8;
  for (const Stack& s : {Stack{24, 3, 2, 3, 3},
                         {40, 5, 2, 3, 3},
                         {80, 5, 2, 6, 3},
                         {96, 3, 1, 6, 2},
                         {192, 5, 2, 6, 4},
                         {320, 3, 1, 6, 1}}) {
    for (int i = 0; i < s.blocks; ++i) {
      const std::int64_t hidden = x.channels * s.expansion;
      const Conv depthwise{.filters = hidden, .kernel = s.kernel, .stride = i == 0 ? s.stride : 1, .groups = hidden};
      x = mnas_block(graph, part(at) + '_' + std::to_string(i), depthwise, scaled(s.filters), x);
    }
    ++at;
  }
  x = graph.conv_norm(part(14), part(15), {.filters = 1280, .kernel = 1}, x, part(16));
  x = graph.add("avgpool", GlobalAveragePooling2D{}, x);
  x = graph.add("classifier_0", Dropout{.rate = 0.2}, x);
  graph.dense("classifier_1", request.classes, x);
  return std::move(graph).finish();
}

}  // namespace evenkeel::architectures
