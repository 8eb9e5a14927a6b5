#include "evenkeel/nn/architectures/families.h"
#include "evenkeel/nn/architectures/graph.h"

namespace evenkeel::architectures {
namespace {

const Style kInception{.norm = torch_norm(1e-3), .kernel = Initializer::truncated_normal(0.1)};

/// A module that is being written: branches of convolutions, each named <module>_<branch>.
class Module {
 public:
  Module(Graph& graph, std::string name, Node x) : graph_(graph), name_(std::move(name)), x_(std::move(x)) {}

  Node conv(const std::string& branch, const Conv& c, const Node& x) {
    const std::string name = name_ + '_' + branch;
    return graph_.conv_norm(name + "_conv", name + "_bn", c, x, name + "_relu");
  }
  /// Convolutions one after the other, named <branch>_1, <branch>_2, ...; a single one is <branch>.
  Node chain(const std::string& branch, const std::vector<Conv>& convolutions) {
    Node y = x_;
    int i = 0;
    for (const Conv& c : convolutions)
      y = conv(convolutions.size() == 1 ? branch : branch + '_' + std::to_string(++i), c, y);
    return y;
  }
  /// The mean of 3x3 pixels, with the padding's zeros, then a 1x1 convolution.
  Node mean(std::int64_t filters) {
    const AveragePooling2D pool{.pool_size = 3, .strides = 1, .padding = 1, .count_include_pad = true};
    return conv("branch_pool", {.filters = filters, .kernel = 1}, graph_.add(name_ + "_pool", pool, x_));
  }
  Node maximum() { return graph_.add(name_ + "_pool", MaxPooling2D{.pool_size = 3, .strides = 2}, x_); }
  Node together(const std::vector<Node>& branches) { return graph_.concatenate(name_ + "_concat", branches); }
  /// The same with 1x3 and 3x1 convolutions of one input, side by side.
  std::vector<Node> split(const std::string& branch, const Node& x) {
    return {conv(branch + "a", {.filters = 384, .kernel = {1, 3}}, x),
            conv(branch + "b", {.filters = 384, .kernel = {3, 1}}, x)};
  }

 private:
  Graph& graph_;
  std::string name_;
  Node x_;
};

Conv halving(std::int64_t filters) { return {.filters = filters, .stride = 2, .padding = Padding::valid}; }
Conv point(std::int64_t filters) { return {.filters = filters, .kernel = 1}; }
Conv row(std::int64_t filters) { return {.filters = filters, .kernel = {1, 7}}; }
Conv column(std::int64_t filters) { return {.filters = filters, .kernel = {7, 1}}; }

Node module_a(Graph& graph, const std::string& name, std::int64_t pooled, const Node& x) {
  Module m(graph, name, x);
  return m.together({m.chain("branch1x1", {point(64)}), m.chain("branch5x5", {point(48), {.filters = 64, .kernel = 5}}),
                     m.chain("branch3x3dbl", {point(64), {.filters = 96}, {.filters = 96}}), m.mean(pooled)});
}

Node module_b(Graph& graph, const std::string& name, const Node& x) {
  Module m(graph, name, x);
  return m.together({m.chain("branch3x3", {halving(384)}),
                     m.chain("branch3x3dbl", {point(64), {.filters = 96}, halving(96)}), m.maximum()});
}

Node module_c(Graph& graph, const std::string& name, std::int64_t c, const Node& x) {
  Module m(graph, name, x);
  return m.together({m.chain("branch1x1", {point(192)}), m.chain("branch7x7", {point(c), row(c), column(192)}),
                     m.chain("branch7x7dbl", {point(c), column(c), row(c), column(c), row(192)}), m.mean(192)});
}

Node module_d(Graph& graph, const std::string& name, const Node& x) {
  Module m(graph, name, x);
  return m.together({m.chain("branch3x3", {point(192), halving(320)}),
                     m.chain("branch7x7x3", {point(192), row(192), column(192), halving(192)}), m.maximum()});
}

Node module_e(Graph& graph, const std::string& name, const Node& x) {
  Module m(graph, name, x);
  std::vector<Node> branches = {m.chain("branch1x1", {point(320)})};
  const auto add = [&](const std::vector<Node>& nodes) { branches.insert(branches.end(), nodes.begin(), nodes.end()); };
  add(m.split("branch3x3_2", m.conv("branch3x3_1", point(384), x)));
  const Node twice = m.conv("branch3x3dbl_2", {.filters = 384}, m.conv("branch3x3dbl_1", point(448), x));
  add(m.split("branch3x3dbl_3", twice));
  branches.push_back(m.mean(192));
  return m.together(branches);
}

}  // namespace

Model inception_v3(const Request& request) {
  Graph graph(request, Pixels::symmetric, kInception);
  const auto conv = [&](const std::string& name, const Conv& c, const Node& x) {
    return graph.conv_norm(name + "_conv", name + "_bn", c, x, name + "_relu");
  };
  const MaxPooling2D pool{.pool_size = 3, .strides = 2};
  Node x = conv("Conv2d_1a_3x3", halving(32), graph.pixels());
  x = conv("Conv2d_2a_3x3", {.filters = 32, .padding = Padding::valid}, x);
  x = conv("Conv2d_2b_3x3", {.filters = 64}, x);
  x = graph.add("maxpool1", pool, x);
  x = conv("Conv2d_3b_1x1", point(80), x);
  x = conv("Conv2d_4a_3x3", {.filters = 192, .padding = Padding::valid}, x);
  x = graph.add("maxpool2", pool, x);
  x = module_a(graph, "Mixed_5b", 32, x);
  x = module_a(graph, "Mixed_5c", 64, x);
  x = module_a(graph, "Mixed_5d", 64, x);
  x = module_b(graph, "Mixed_6a", x);
  x = module_c(graph, "Mixed_6b", 128, x);
  x = module_c(graph, "Mixed_6c", 160, x);
  x = module_c(graph, "Mixed_6d", 160, x);
  x = module_c(graph, "Mixed_6e", 192, x);
  x = module_d(graph, "Mixed_7a", x);
  x = module_e(graph, "Mixed_7b", x);
  x = module_e(graph, "Mixed_7c", x);
  x = graph.add("avgpool", GlobalAveragePooling2D{}, x);
  x = graph.add("dropout", Dropout{.rate = 0.5}, x);
  graph.dense("fc", request.classes, x, kInception.kernel);
  return std::move(graph).finish();
}

}  // namespace evenkeel::architectures
