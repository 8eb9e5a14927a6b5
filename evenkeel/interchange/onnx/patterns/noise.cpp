#include <algorithm>
#include <cmath>

#include "evenkeel/interchange/onnx/patterns/families.h"

// PyTorch exports a dropout that has no operator as its arithmetic: random numbers below the kept fraction, divided by
// that fraction, times x. Which elements share a number says which noise it is.

namespace evenkeel::interchange::onnx {
namespace {

/// The value that is multiplied with x, and how it came about.
struct RandomMask {
  std::vector<Node*> nodes;
  double kept = 0;
  Sizes shape;
};

/// 1 where a uniform number is below `kept`, else 0.
std::optional<RandomMask> mask_of(Graph& graph, const std::string& value) {
  Node* cast = graph.producer(value);
  Node* less = cast && cast->is("Cast") ? graph.producer(cast->input(0)) : nullptr;
  if (!less || !less->is("Less")) return {};
  Node* random = graph.producer(less->input(0));
  if (!random || (!random->is("RandomUniformLike") && !random->is("RandomUniform"))) return {};
  if (random->number("low", 0) != 0 || random->number("high", 1) != 1) return {};
  const auto kept = graph.scalar(less->input(1));
  const Sizes* shape = graph.shape(random->output());
  if (!shape && random->is("RandomUniformLike")) shape = graph.shape(random->input(0));
  if (!kept || *kept <= 0 || *kept > 1 || !shape) return {};
  Sizes sizes = *shape;
  if (!sizes.empty() && graph.fixed_batch > 0 && sizes[0] == graph.fixed_batch) sizes[0] = kBatch;
  return RandomMask{.nodes = {random, less, cast}, .kept = *kept, .shape = std::move(sizes)};
}

/// Which of our layers has a mask of this shape; empty if none has.
std::string noise_of(const Sizes& mask, const Sizes& x) {
  if (mask == x) return "Dropout";
  if (mask.size() != x.size() || mask.empty() || mask[0] != x[0]) return {};
  if (std::all_of(mask.begin() + 1, mask.end(), [](std::int64_t size) { return size == 1; })) return "StochasticDepth";
  if (x.size() == 4 && mask == Sizes{x[0], x[1], 1, 1}) return "SpatialDropout";
  return {};
}

bool is_near(double a, double b) { return std::abs(a - b) <= 1e-6 * std::abs(b); }

/// x * (mask / kept), or x * mask / kept.
void look_for_noise(Rewriting& rewriting, Node& last) {
  Graph& graph = rewriting.graph();
  Node* product = last.is("Mul") ? &last : nullptr;
  std::optional<double> divisor;
  if (last.is("Div")) {
    product = graph.producer(last.input(0));
    divisor = graph.scalar(last.input(1));
    if (!product || !product->is("Mul") || !divisor) return;
  }
  if (!product || product->inputs.size() != 2) return;
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    const std::string x = product->input(1 - i);
    Node* quotient = graph.producer(product->input(i));
    std::vector<Node*> after = {product};
    if (product != &last) after.push_back(&last);
    std::optional<double> by = divisor;
    std::string mask_value = product->input(i);
    if (quotient && quotient->is("Div") && !divisor) {
      by = graph.scalar(quotient->input(1));
      mask_value = quotient->input(0);
      after.insert(after.begin(), quotient);
    }
    auto mask = mask_of(graph, mask_value);
    const Sizes* shape = graph.shape(x);
    if (!mask || !shape || !by || !is_near(*by, mask->kept)) continue;
    const std::string op = noise_of(mask->shape, *shape);
    mask->nodes.insert(mask->nodes.end(), after.begin(), after.end());
    if (op.empty() || !graph.are_alone(mask->nodes, last.output())) continue;
    // The file has 1 - rate as a float.
    const double rate = std::round((1 - mask->kept) * 1e6) / 1e6;
    Node fresh{.op = op,
               .domain = std::string(kOwnDomain),
               .name = last.name,
               .inputs = {x},
               .outputs = {last.output()},
               .attributes = {{"rate", rate}}};
    const std::string name = op == "Dropout"           ? "dropout"
                             : op == "StochasticDepth" ? "stochastic depth"
                                                       : "dropout of channels";
    rewriting.replace(mask->nodes, std::move(fresh), "a product with a random mask is " + name);
    return;
  }
}

}  // namespace

void recognise_noise(Rewriting& rewriting) {
  rewriting.each([&](Node& node) { look_for_noise(rewriting, node); });
}

}  // namespace evenkeel::interchange::onnx
