#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {
namespace {

constexpr int kLevels = 4;

/// Two convolutions: <module>_<short name>conv1, norm1, relu1, and so on.
Node two_convolutions(Graph& graph, const std::string& name, std::int64_t filters, Node x) {
  for (const char* i : {"1", "2"})
    x = graph.conv_norm(name + "conv" + i, name + "norm" + i, {.filters = filters}, x, name + "relu" + i);
  return x;
}

}  // namespace

Model unet(const Request& request, std::int64_t first) {
  Graph graph(request, Pixels::symmetric);
  std::vector<Node> skipped;
  Node x = graph.pixels();
  std::int64_t filters = first;
  for (int level = 1; level <= kLevels; ++level) {
    const std::string at = std::to_string(level);
    x = two_convolutions(graph, "encoder" + at + "_enc" + at, filters, x);
    skipped.push_back(x);
    x = graph.add("pool" + at, MaxPooling2D{}, x);
    filters *= 2;
  }
  x = two_convolutions(graph, "bottleneck_bottleneck", filters, x);
  for (int level = kLevels; level >= 1; --level) {
    filters /= 2;
    const std::string at = std::to_string(level);
    const Conv2DTranspose upward{
        .filters = filters, .kernel_size = 2, .strides = 2, .kernel_initializer = graph.style().kernel};
    x = {graph.add("upconv" + at, upward, x).name, filters};
    x = graph.concatenate("concat" + at, {x, skipped[static_cast<std::size_t>(level - 1)]});
    x = two_convolutions(graph, "decoder" + at + "_dec" + at, filters, x);
  }
  graph.conv("conv", {.filters = request.classes, .kernel = 1, .bias = true}, x);
  return std::move(graph).finish();
}

}  // namespace evenkeel::architectures
