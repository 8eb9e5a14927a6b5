#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {
namespace {

const Style kGoogLeNet{.norm = torch_norm(1e-3), .kernel = Initializer::truncated_normal(0.01)};

Node google_conv(Graph& graph, const std::string& name, const Conv& c, const Node& x) {
  return graph.conv_norm(name + "_conv", name + "_bn", c, x, name + "_relu");
}

/// The channels of a module's branches: 1x1, 1x1 then 3x3, 1x1 then 3x3 again, pooling then 1x1. (The paper's third
/// branch is 5x5; torchvision has 3x3.)
struct Branches {
  std::int64_t one, three_in, three, five_in, five, pooled;
};

Node inception_module(Graph& graph, const std::string& name, const Branches& b, const Node& x) {
  const auto one_by_one = [&](const std::string& part, std::int64_t filters, const Node& in) {
    return google_conv(graph, name + part, {.filters = filters, .kernel = 1}, in);
  };
  const Node first = one_by_one("_branch1", b.one, x);
  const Node second =
      google_conv(graph, name + "_branch2_1", {.filters = b.three}, one_by_one("_branch2_0", b.three_in, x));
  const Node third =
      google_conv(graph, name + "_branch3_1", {.filters = b.five}, one_by_one("_branch3_0", b.five_in, x));
  const Node pooled = graph.add(name + "_branch4_0", MaxPooling2D{.pool_size = 3, .strides = 1, .padding = 1}, x);
  return graph.concatenate(name + "_concat", {first, second, third, one_by_one("_branch4_1", b.pooled, pooled)});
}

}  // namespace

Model googlenet(const Request& request) {
  Graph graph(request, Pixels::symmetric, kGoogLeNet);
  const auto pool = [&](const std::string& name, int size, const Node& x) {
    return graph.add(name, MaxPooling2D{.pool_size = size, .strides = 2, .ceil_mode = true}, x);
  };
  Node x = google_conv(graph, "conv1", {.filters = 64, .kernel = 7, .stride = 2}, graph.pixels());
  x = pool("maxpool1", 3, x);
  x = google_conv(graph, "conv2", {.filters = 64, .kernel = 1}, x);
  x = google_conv(graph, "conv3", {.filters = 192}, x);
  x = pool("maxpool2", 3, x);
  x = inception_module(graph, "inception3a", {64, 96, 128, 16, 32, 32}, x);
  x = inception_module(graph, "inception3b", {128, 128, 192, 32, 96, 64}, x);
  x = pool("maxpool3", 3, x);
  x = inception_module(graph, "inception4a", {192, 96, 208, 16, 48, 64}, x);
  x = inception_module(graph, "inception4b", {160, 112, 224, 24, 64, 64}, x);
  x = inception_module(graph, "inception4c", {128, 128, 256, 24, 64, 64}, x);
  x = inception_module(graph, "inception4d", {112, 144, 288, 32, 64, 64}, x);
  x = inception_module(graph, "inception4e", {256, 160, 320, 32, 128, 128}, x);
  x = pool("maxpool4", 2, x);
  x = inception_module(graph, "inception5a", {256, 160, 320, 32, 128, 128}, x);
  x = inception_module(graph, "inception5b", {384, 192, 384, 48, 128, 128}, x);
  x = graph.add("avgpool", GlobalAveragePooling2D{}, x);
  x = graph.add("dropout", Dropout{.rate = 0.2}, x);
  graph.dense("fc", request.classes, x, kGoogLeNet.kernel);
  return std::move(graph).finish();
}

}  // namespace evenkeel::architectures
