#include <cmath>

#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {
namespace {

struct RegNetStage {
  std::int64_t width = 0;
  int blocks = 0;
};

/// Widths grow linearly over the blocks. They are rounded to powers of a factor, then to multiples of 8: a few widths,
/// each of several blocks.
std::vector<RegNetStage> stages_of(const Widths& w) {
  std::vector<RegNetStage> stages;
  for (int i = 0; i < w.depth; ++i) {
    const double power = std::nearbyint(std::log((w.first + w.slope * i) / w.first) / std::log(w.step));
    const auto width = 8 * static_cast<std::int64_t>(std::nearbyint(w.first * std::pow(w.step, power) / 8));
    if (stages.empty() || stages.back().width != width) stages.push_back({.width = width});
    ++stages.back().blocks;
  }
  for (RegNetStage& stage : stages)
    stage.width = make_divisible(static_cast<double>(stage.width), std::min(w.group, stage.width));
  return stages;
}

Node regnet_block(Graph& graph, const std::string& name, const Widths& w, std::int64_t width, std::int64_t stride,
                  const Node& x) {
  constexpr ActivationFunction kNone = ActivationFunction::linear;
  const Conv point{.filters = width, .kernel = 1};
  Node other = x;
  if (stride > 1 || x.channels != width)
    other = graph.sequence(name + "_proj", {.filters = width, .kernel = 1, .stride = stride}, x, kNone);
  const std::int64_t groups = width / std::min(w.group, width);
  Node y = graph.sequence(name + "_f_a", point, x);
  y = graph.sequence(name + "_f_b", {.filters = width, .stride = stride, .groups = groups}, y);
  if (w.squeeze > 0) {
    const auto squeezed = static_cast<std::int64_t>(std::nearbyint(w.squeeze * static_cast<double>(x.channels)));
    y = graph.squeeze_and_excite(name + "_f_se", squeezed, ActivationFunction::relu, ActivationFunction::sigmoid, y);
  }
  y = graph.sequence(name + "_f_c", point, y, kNone);
  return graph.activation(name + "_activation", graph.residual(name, other, y));
}

}  // namespace

Model regnet(const Request& request, const Widths& widths) {
  Graph graph(request, Pixels::imagenet);
  Node x = graph.sequence("stem", {.filters = 32, .stride = 2}, graph.pixels());
  int at = 1;
  for (const RegNetStage& stage : stages_of(widths)) {
    const std::string block = "block" + std::to_string(at++), name = "trunk_output_" + block + '_' + block + '-';
    for (int i = 0; i < stage.blocks; ++i)
      x = regnet_block(graph, name + std::to_string(i), widths, stage.width, i == 0 ? 2 : 1, x);
  }
  x = graph.add("avgpool", GlobalAveragePooling2D{}, x);
  graph.dense("fc", request.classes, x, Initializer::truncated_normal(0.01));
  return std::move(graph).finish();
}

}  // namespace evenkeel::architectures
