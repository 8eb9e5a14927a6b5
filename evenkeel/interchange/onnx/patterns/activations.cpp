#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "evenkeel/interchange/onnx/patterns/calculation.h"
#include "evenkeel/interchange/onnx/patterns/families.h"
#include "evenkeel/interchange/onnx/patterns/standardization.h"

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

/// Points on both sides of where the known functions and the file's own constants have bends, and far away: where an
/// exponential function of the file's is infinite, nothing can be said.
std::vector<double> probe_points(const Graph& graph, const Region& region) {
  const bool overflows = has_any(region, {"Exp"});
  const double limit = overflows ? 80 : 1e300;
  std::vector<double> points = {-80, -40, -1e-3, 0, 1e-3, 40, 80};
  if (!overflows) points.insert(points.end(), {-1e6, -1e4, -700, 700, 1e4, 1e6});
  for (double x = -12; x <= 12; x += 0.37) points.push_back(x);
  for (const std::string& constant : constants_of(graph, region))
    if (const auto value = graph.scalar(constant); value && std::abs(*value) < 1e299)
      for (const double x : {*value, -*value, *value + 0.5, *value - 0.5, -*value - 0.5, 2 * *value, -2 * *value})
        points.push_back(std::clamp(x, -limit, limit));
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

/// LeakyRelu, Elu and Selu, whose parameters are read off at a few points; an empty operator if it is none of them.
Node function_with_parameters(const std::vector<double>& x, const std::vector<double>& y) {
  const auto at = [&](double wanted) {
    const auto place = std::ranges::find(x, wanted);
    return y[static_cast<std::size_t>(place - x.begin())];
  };
  const double scale = at(40) / 40, slope = at(-40) / -40, limit = -at(-80);
  const auto is = [&](auto f) {
    for (std::size_t i = 0; i < x.size(); ++i)
      if (!are_same(y[i], f(x[i]), kSameFunction)) return false;
    return true;
  };
  Node node;
  if (scale == 1 && slope >= 0 && slope < 1 && is([&](double v) { return v < 0 ? slope * v : v; })) {
    node.op = slope == 0 ? "Relu" : "LeakyRelu";
    if (slope != 0) node.attributes["alpha"] = as_written(slope);
  } else if (scale > 0 && limit > 0 && is([&](double v) { return v < 0 ? limit * std::expm1(v) : scale * v; })) {
    node.op = std::abs(scale - 1) <= kSameFunction ? "Elu" : "Selu";
    node.attributes["alpha"] = as_written(limit / scale);
    if (node.op == "Selu") node.attributes["gamma"] = as_written(scale);
  }
  return node;
}

std::string name_of_choice(const std::string& op) {
  return op == "Relu" ? "a relu" : op == "LeakyRelu" ? "a leaky relu" : op == "Elu" ? "an elu" : "a selu";
}

bool replace_function(Rewriting& rewriting, const Region& region) {
  Graph& graph = rewriting.graph();
  if (region.nodes.size() < 2 || !is_function_of_each_element(graph, region)) return false;
  Calculation calculation(graph);
  const std::vector<double> few = {-2.1, 0.4, 1.3};
  const auto first = computed_at(calculation, region, few);
  // Most regions compute something else: a few points say so.
  const bool may_be_linear = !first.empty() && first[1] > 0 && are_same(first[2] / 1.3, first[1] / 0.4, kSameFunction);
  if (first.empty() || !(may_be_linear || known_function(few, first))) return false;
  const std::vector<double> points = probe_points(graph, region);
  const auto y = computed_at(calculation, region, points);
  if (y.empty()) return false;
  const KnownFunction* known = known_function(points, y);
  Node fresh = known ? Node{.op = known->op, .domain = std::string(kOwnDomain)} : function_with_parameters(points, y);
  if (fresh.op.empty() || !graph.are_alone(region.nodes, region.y)) return false;
  fresh.inputs = {region.x};
  fresh.outputs = {region.y};
  if (fresh.op == "Sigmoid") fresh.domain.clear();
  if (fresh.op == "Gelu") fresh.attributes["approximate"] = std::string(known->approximate);
  const std::string says = known ? known->says : "a choice by the sign of x is " + name_of_choice(fresh.op);
  rewriting.replace(region.nodes, std::move(fresh), says);
  return true;
}

/// The longest function that anyone writes, a gelu by tanh with the cube as products, has 9 nodes.
constexpr std::size_t kMostNodes = 12;

/// Sums, products and powers alone make no function of ours.
bool has_bends(const Node& node) {
  constexpr std::string_view kBent[] = {"Sigmoid", "Tanh",        "Erf",      "Exp", "Clip",  "Min",     "Max",
                                        "Relu",    "HardSigmoid", "Softplus", "Abs", "Where", "Softsign"};
  return node.domain.empty() && std::ranges::find(kBent, node.op) != std::ranges::end(kBent);
}

void look_for_function(Rewriting& rewriting, Node& last) {
  constexpr std::string_view kLast[] = {"Mul",   "Div",        "Add",  "Sub", "Log", "Sum",
                                        "Where", "Reciprocal", "Clip", "Min", "Max"};
  if (!last.domain.empty() || std::ranges::find(kLast, last.op) == std::ranges::end(kLast)) return;
  for (const Region& region : regions_before(rewriting.graph(), last, kMostNodes, is_elementwise, has_bends))
    if (replace_function(rewriting, region)) return;
}

/// PyTorch's newer exporter writes softplus as a choice between x, where x is large, and the softplus, which is the
/// same there.
void drop_needless_choice(Rewriting& rewriting, Node& last) {
  if (!last.is("Where")) return;
  Graph& graph = rewriting.graph();
  const std::string kept = last.input(2);
  for (const Region& region : regions_before(graph, last, kMostNodes, is_elementwise, has_bends)) {
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

/// Minima, maxima and choices with numbers, one after the other, as the Clip that they are.
void look_for_clip(Rewriting& rewriting, Node& last) {
  if (!last.is("Min") && !last.is("Max") && !last.is("Where")) return;
  Graph& graph = rewriting.graph();
  const auto is_bound = [](const Node& node) {
    return node.is("Min") || node.is("Max") || node.is("Relu") || node.is("Clip") || node.is("Where") ||
           node.is("Less") || node.is("Greater") || node.is("LessOrEqual") || node.is("GreaterOrEqual");
  };
  for (const Region& region : regions_before(graph, last, kMostNodes, is_bound, is_bound)) {
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
    rewriting.replace(region.nodes, std::move(fresh), "minima and maxima with numbers are a clip");
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
