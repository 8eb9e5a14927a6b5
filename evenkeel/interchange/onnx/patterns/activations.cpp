#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "evenkeel/interchange/onnx/patterns/calculation.h"
#include "evenkeel/interchange/onnx/patterns/families.h"

// There are dozens of ways to write a gelu. They are not told apart by their nodes but by what they compute: nodes that
// make one value y of one value x, element by element, are computed for some x and compared with the functions that we
// have.

namespace evenkeel::interchange::onnx {
namespace {

/// Of y, relative where |y| > 1. Files have constants such as sqrt(2) in float32, which changes y by up to 1e-7; one
/// that differs in its fourth digit changes y by 1e-5.
constexpr double kSameFunction = 1e-6;

double relu6_of(double x) { return std::clamp(x, 0.0, 6.0); }
double logistic(double x) { return 1 / (1 + std::exp(-x)); }
double softplus_of(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double gelu_of(double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }
double gelu_by_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
}

struct KnownFunction {
  const char* op;
  const char* approximate;  ///< attribute of Gelu
  double (*of)(double);
  const char* says;
};

constexpr std::array kKnownFunctions = {
    KnownFunction{"Swish", "", [](double x) { return x * logistic(x); }, "x * sigmoid(x) is a swish"},
    KnownFunction{"HardSwish", "", [](double x) { return x * relu6_of(x + 3) / 6; },
                  "x * relu6(x + 3) / 6 is a hard swish"},
    KnownFunction{"HardSigmoid", "", [](double x) { return relu6_of(x + 3) / 6; },
                  "relu6(x + 3) / 6 is a hard sigmoid"},
    KnownFunction{"Gelu", "none", gelu_of, "x * (1 + erf(x / sqrt(2))) / 2 is a gelu"},
    KnownFunction{"Gelu", "tanh", gelu_by_tanh, "x * (1 + tanh(...)) / 2 is a gelu, approximated by tanh"},
    KnownFunction{"Mish", "", [](double x) { return x * std::tanh(softplus_of(x)); },
                  "x * tanh(softplus(x)) is a mish"},
    KnownFunction{"Softplus", "", softplus_of, "log(1 + exp(x)) is a softplus"},
    KnownFunction{"Softsign", "", [](double x) { return x / (1 + std::abs(x)); }, "x / (1 + |x|) is a softsign"},
    KnownFunction{"Sigmoid", "", logistic, "1 / (1 + exp(-x)) is a sigmoid"},
};

/// Points on both sides of where the known functions and the file's own constants have bends, and far away.
std::vector<double> probe_points(const Graph& graph, const Region& region) {
  std::vector<double> points = {-1e6, -1e4, -700, -90, 90, 700, 1e4, 1e6, -1e-3, 1e-3, 0};
  for (double x = -12; x <= 12; x += 0.37) points.push_back(x);
  for (const std::string& constant : constants_of(graph, region))
    if (const auto value = graph.scalar(constant); value && std::isfinite(*value))
      for (const double x : {*value, -*value, *value + 0.5, *value - 0.5, -*value - 0.5, 2 * *value})
        points.push_back(x);
  return points;
}

/// Whether the region's constants are numbers, and broadcasting them changes no shape.
bool is_function_of_each_element(const Graph& graph, const Region& region) {
  const Sizes* in = graph.shape(region.x);
  for (const std::string& constant : constants_of(graph, region)) {
    const Tensor* value = graph.constant(constant);
    if (!graph.scalar(constant)) return false;
    if (value->shape().size() != 1 && !in) return false;
    if (value->shape().rank() > (in ? static_cast<int>(in->size()) : 0)) return false;
  }
  for (const Node* node : region.nodes)
    if (const Sizes* out = graph.shape(node->output()); in && out && *out != *in) return false;
  return true;
}

/// What the region computes at the points; empty if that is not known.
std::vector<double> computed_at(Calculation& calculation, const Region& region, const std::vector<double>& points) {
  const Array x{.shape = {static_cast<std::int64_t>(points.size())}, .values = points};
  // Constants of several equal elements are one number here.
  if (!calculation.run(region, x) || calculation.at(region.y).shape != x.shape) return {};
  return calculation.at(region.y).values;
}

bool are_same(double a, double b, double tolerance) {
  return a == b || std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b));
}

const KnownFunction* known_function(const std::vector<double>& x, const std::vector<double>& y) {
  const auto is_it = [&](const KnownFunction& known) {
    for (std::size_t i = 0; i < x.size(); ++i)
      if (!are_same(y[i], known.of(x[i]), kSameFunction)) return false;
    return true;
  };
  const auto found = std::ranges::find_if(kKnownFunctions, is_it);
  return found == kKnownFunctions.end() ? nullptr : &*found;
}

bool replace_function(Rewriting& rewriting, const Region& region) {
  Graph& graph = rewriting.graph();
  if (region.nodes.size() < 2 || !is_function_of_each_element(graph, region)) return false;
  Calculation calculation(graph);
  const std::vector<double> few = {-2.1, 0.4, 1.3};
  const auto first = computed_at(calculation, region, few);
  if (first.empty() || !known_function(few, first)) return false;
  const std::vector<double> points = probe_points(graph, region);
  const auto y = computed_at(calculation, region, points);
  const KnownFunction* known = y.empty() ? nullptr : known_function(points, y);
  if (!known || !graph.are_alone(region.nodes, region.y)) return false;
  Node fresh{
      .op = known->op, .domain = std::string(kOwnDomain), .name = {}, .inputs = {region.x}, .outputs = {region.y}};
  if (fresh.op == "Sigmoid") fresh.domain.clear();
  if (fresh.op == "Gelu") fresh.attributes["approximate"] = std::string(known->approximate);
  rewriting.replace(region.nodes, std::move(fresh), known->says);
  return true;
}

void look_for_function(Rewriting& rewriting, Node& last) {
  constexpr std::string_view kLast[] = {"Mul", "Div", "Add", "Sub", "Log", "Where", "Reciprocal", "Clip", "Min", "Max"};
  if (!last.domain.empty() || std::ranges::find(kLast, last.op) == std::ranges::end(kLast)) return;
  for (const Region& region : regions_before(rewriting.graph(), last, is_elementwise))
    if (has_any(region, {"Sigmoid", "Tanh", "Erf", "Exp", "Clip", "Min", "Max", "Relu", "HardSigmoid", "Softplus",
                         "Abs", "Softsign"}) &&
        replace_function(rewriting, region))
      return;
}

/// PyTorch's newer exporter writes softplus as a choice between x, where x is large, and the softplus, which is the
/// same there.
void drop_needless_choice(Rewriting& rewriting, Node& last) {
  if (!last.is("Where")) return;
  Graph& graph = rewriting.graph();
  const std::string kept = last.input(2);
  for (const Region& region : regions_before(graph, last, is_elementwise)) {
    Calculation calculation(graph);
    if (!graph.producer(kept) || !is_function_of_each_element(graph, region)) continue;
    const auto y = computed_at(calculation, region, probe_points(graph, region));
    const bool is_inside = std::ranges::find(region.nodes, graph.producer(kept)) != region.nodes.end();
    if (y.empty() || !is_inside || calculation.at(kept).values.size() != y.size()) continue;
    const auto& same = calculation.at(kept).values;
    bool is_needless = true;
    for (std::size_t i = 0; i < y.size(); ++i) is_needless = is_needless && are_same(y[i], same[i], 1e-8);
    if (!is_needless) continue;
    const std::string condition = last.input(0);
    Node* maker_of_kept = graph.producer(kept);
    if (graph.only_consumer(kept) == &last && maker_of_kept->outputs.size() == 1) {
      // It makes the output under its name, which the graph may want.
      Node same_node = *maker_of_kept;
      same_node.outputs = last.outputs;
      same_node.origins.clear();
      rewriting.replace_silently({maker_of_kept, &last}, std::move(same_node));
    } else {
      rewriting.bypass(last, kept);
    }
    if (Node* maker = graph.producer(condition)) rewriting.remove_unread(*maker);
    return;
  }
}

/// Min and Max with numbers, one after the other, as the Clip that they are: what TensorFlow's relu6 may become.
void look_for_clip(Rewriting& rewriting, Node& last) {
  if (!last.is("Min") && !last.is("Max")) return;
  Graph& graph = rewriting.graph();
  const auto is_bound = [](const Node& node) {
    return node.is("Min") || node.is("Max") || node.is("Relu") || node.is("Clip");
  };
  for (const Region& region : regions_before(graph, last, is_bound)) {
    if (!is_function_of_each_element(graph, region) || !graph.are_alone(region.nodes, region.y)) continue;
    const std::vector<double> points = probe_points(graph, region);
    Calculation calculation(graph);
    const auto y = computed_at(calculation, region, points);
    if (y.empty()) continue;
    const double low = *std::ranges::min_element(y), high = *std::ranges::max_element(y);
    bool is_clip = low < high;
    for (std::size_t i = 0; i < y.size(); ++i) is_clip = is_clip && y[i] == std::clamp(points[i], low, high);
    if (!is_clip) continue;
    const auto number = [&](const char* name, double value, double unbounded) {
      if (value == unbounded) return std::string();
      const float one = static_cast<float>(value);
      return graph.add_constant(region.y + name, Tensor::of<float>({}, std::span(&one, 1)));
    };
    Node fresh{.op = "Clip", .domain = {}, .name = {}, .inputs = {region.x}, .outputs = {region.y}};
    fresh.inputs.push_back(number("_min", low, *std::ranges::min_element(points)));
    fresh.inputs.push_back(number("_max", high, *std::ranges::max_element(points)));
    rewriting.replace(region.nodes, std::move(fresh), "minimum and maximum with numbers are a clip");
    return;
  }
}

}  // namespace

void recognise_activations(Rewriting& rewriting) {
  rewriting.each([&](Node& node) { drop_needless_choice(rewriting, node); });
  rewriting.each([&](Node& node) { look_for_function(rewriting, node); });
  rewriting.each([&](Node& node) { look_for_clip(rewriting, node); });
}

}  // namespace evenkeel::interchange::onnx
