#include "evenkeel/interchange/onnx/patterns/calculation.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace evenkeel::interchange::onnx {
namespace {

/// Far more than the probes of any pattern have.
constexpr std::int64_t kMostNumbers = 1 << 22;

std::optional<Sizes> joint_shape(const Sizes& a, const Sizes& b) {
  Sizes joint(std::max(a.size(), b.size()), 1);
  std::int64_t size = 1;
  for (std::size_t i = 1; i <= joint.size(); ++i) {
    const std::int64_t p = i <= a.size() ? a[a.size() - i] : 1, q = i <= b.size() ? b[b.size() - i] : 1;
    if (p != q && p != 1 && q != 1) return {};
    const std::int64_t n = p == 1 ? q : p;
    if (n < 1 || size > kMostNumbers / n) return {};
    size *= n;
    joint[joint.size() - i] = n;
  }
  return joint;
}

std::int64_t numbers_in(const Sizes& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

template <class F>
Array mapped(Array x, F f) {
  for (double& value : x.values) value = f(value);
  return x;
}

template <class F>
std::optional<Array> combined(const Array& a, const Array& b, F f) {
  const auto shape = joint_shape(a.shape, b.shape);
  if (!shape) return {};
  auto p = broadcast_to(a, *shape), q = broadcast_to(b, *shape);
  for (std::size_t i = 0; i < p->values.size(); ++i) p->values[i] = f(p->values[i], q->values[i]);
  return p;
}

using OfOne = double (*)(double);
using OfTwo = double (*)(double, double);

OfOne function_of_one(const std::string& op) {
  static const std::unordered_map<std::string, OfOne> functions = {
      {"Identity", [](double x) { return x; }},
      {"Cast", [](double x) { return x; }},
      {"Neg", [](double x) { return -x; }},
      {"Abs", [](double x) { return std::abs(x); }},
      {"Sqrt", [](double x) { return std::sqrt(x); }},
      {"Reciprocal", [](double x) { return 1 / x; }},
      {"Exp", [](double x) { return std::exp(x); }},
      {"Log", [](double x) { return std::log(x); }},
      {"Tanh", [](double x) { return std::tanh(x); }},
      {"Erf", [](double x) { return std::erf(x); }},
      {"Relu", [](double x) { return std::max(x, 0.0); }},
      {"Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
      {"Softplus", [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }},
      {"Softsign", [](double x) { return x / (1 + std::abs(x)); }},
  };
  const auto found = functions.find(op);
  return found == functions.end() ? nullptr : found->second;
}

OfTwo function_of_two(const std::string& op) {
  static const std::unordered_map<std::string, OfTwo> functions = {
      {"Add", [](double a, double b) { return a + b; }},
      {"Sum", [](double a, double b) { return a + b; }},
      {"Sub", [](double a, double b) { return a - b; }},
      {"Mul", [](double a, double b) { return a * b; }},
      {"Div", [](double a, double b) { return a / b; }},
      {"Pow", [](double a, double b) { return std::pow(a, b); }},
      {"Min", [](double a, double b) { return std::min(a, b); }},
      {"Max", [](double a, double b) { return std::max(a, b); }},
      {"Greater", [](double a, double b) { return a > b ? 1.0 : 0.0; }},
      {"Less", [](double a, double b) { return a < b ? 1.0 : 0.0; }},
      {"GreaterOrEqual", [](double a, double b) { return a >= b ? 1.0 : 0.0; }},
      {"LessOrEqual", [](double a, double b) { return a <= b ? 1.0 : 0.0; }},
  };
  const auto found = functions.find(op);
  return found == functions.end() ? nullptr : found->second;
}

/// A cast to a type with at least our precision: anything else rounds.
bool keeps_numbers(const Node& node) {
  constexpr std::int64_t kFloat = 1, kDouble = 11;
  const std::int64_t to = node.integer("to", 0);
  return to == kFloat || to == kDouble;
}

Array mean_over(const Array& x, const std::vector<int>& axes, bool keep) {
  Sizes kept = x.shape;
  for (const int axis : axes) kept[static_cast<std::size_t>(axis)] = 1;
  Array sums{.shape = kept, .values = std::vector<double>(static_cast<std::size_t>(numbers_in(kept)))};
  std::vector<std::int64_t> at(x.shape.size(), 0);
  for (const double value : x.values) {
    std::int64_t to = 0;
    for (std::size_t i = 0; i < at.size(); ++i) to = to * kept[i] + (kept[i] == 1 ? 0 : at[i]);
    sums.values[static_cast<std::size_t>(to)] += value;
    for (std::size_t i = at.size(); i-- > 0;) {
      if (++at[i] < x.shape[i]) break;
      at[i] = 0;
    }
  }
  const double n = static_cast<double>(x.values.size()) / static_cast<double>(sums.values.size());
  for (double& sum : sums.values) sum /= n;
  if (keep) return sums;
  sums.shape.clear();
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (std::ranges::find(axes, static_cast<int>(i)) == axes.end()) sums.shape.push_back(kept[i]);
  return sums;
}

}  // namespace

std::optional<Array> broadcast_to(const Array& x, const Sizes& shape) {
  if (x.shape == shape) return x;
  if (joint_shape(x.shape, shape) != shape) return {};
  Array y{.shape = shape, .values = std::vector<double>(static_cast<std::size_t>(numbers_in(shape)))};
  const std::size_t rank = shape.size(), missing = rank - x.shape.size();
  std::vector<std::int64_t> strides(rank, 0), at(rank, 0);
  std::int64_t stride = 1;
  for (std::size_t i = rank; i-- > missing;) {
    const std::int64_t size = x.shape[i - missing];
    strides[i] = size == 1 ? 0 : stride;
    stride *= size;
  }
  for (double& value : y.values) {
    std::int64_t from = 0;
    for (std::size_t i = 0; i < rank; ++i) from += at[i] * strides[i];
    value = x.values[static_cast<std::size_t>(from)];
    for (std::size_t i = rank; i-- > 0;) {
      if (++at[i] < shape[i]) break;
      at[i] = 0;
    }
  }
  return y;
}

Array array_of(const Tensor& tensor) {
  const Tensor numbers = converted(tensor, DType::float64);
  const auto sizes = numbers.shape().sizes();
  const auto values = numbers.as<double>();
  return {.shape = Sizes(sizes.begin(), sizes.end()), .values = std::vector<double>(values.begin(), values.end())};
}

bool is_elementwise(const Node& node) {
  if (!node.domain.empty() || node.outputs.size() != 1) return false;
  if (node.op == "Cast") return keeps_numbers(node);
  return function_of_one(node.op) || function_of_two(node.op) || node.op == "Clip" || node.op == "HardSigmoid" ||
         node.op == "Where";
}

bool is_smooth(const Node& node, const Graph& graph) {
  if (!node.domain.empty() || node.outputs.size() != 1) return false;
  if (node.op == "ReduceMean") return reduced_axes(graph, node).has_value();
  if (node.op == "Cast") return keeps_numbers(node);
  constexpr std::string_view kSmooth[] = {"Add", "Sum", "Sub",  "Mul",        "Div",
                                          "Neg", "Pow", "Sqrt", "Reciprocal", "Identity"};
  return std::ranges::find(kSmooth, node.op) != std::ranges::end(kSmooth);
}

std::optional<std::vector<int>> reduced_axes(const Graph& graph, const Node& node) {
  const int rank = graph.rank(node.input(0));
  std::vector<std::int64_t> given = node.integers("axes");
  if (!node.input(1).empty()) {
    const Tensor* axes = graph.constant(node.input(1));
    if (!axes || axes->dtype() != DType::int64) return {};
    const auto values = axes->as<std::int64_t>();
    given.assign(values.begin(), values.end());
  }
  // All axes, or none: nothing that a normalization does.
  if (given.empty() || rank < 0) return {};
  std::vector<int> axes;
  for (const std::int64_t axis : given) {
    if (axis < -rank || axis >= rank) return {};
    axes.push_back(static_cast<int>(axis < 0 ? axis + rank : axis));
  }
  std::ranges::sort(axes);
  axes.erase(std::unique(axes.begin(), axes.end()), axes.end());
  return axes;
}

bool Calculation::run(const Region& region, Array x) {
  values_.clear();
  values_[region.x] = std::move(x);
  for (const Node* node : region.nodes) {
    auto made = compute(*node);
    if (!made) return false;
    values_[node->output()] = std::move(*made);
  }
  return true;
}

std::optional<Array> Calculation::value_of(const std::string& name) const {
  if (const auto found = values_.find(name); found != values_.end()) return found->second;
  const Tensor* constant = graph_.constant(name);
  if (!constant || constant->shape().size() > kMostNumbers) return {};
  if (const auto number = graph_.scalar(name)) return Array{.shape = {}, .values = {*number}};
  return array_of(*constant);
}

std::optional<Array> Calculation::compute(const Node& node) const {
  const auto a = value_of(node.input(0));
  if (!a) return {};
  if (const OfOne f = function_of_one(node.op)) return mapped(*a, f);
  if (node.op == "ReduceMean") {
    const auto axes = reduced_axes(graph_, node);
    if (!axes || axes->back() >= static_cast<int>(a->shape.size())) return {};
    return mean_over(*a, *axes, node.integer("keepdims", 1) != 0);
  }
  if (node.op == "HardSigmoid") {
    const double alpha = node.number("alpha", 0.2), beta = node.number("beta", 0.5);
    return mapped(*a, [=](double x) { return std::clamp(alpha * x + beta, 0.0, 1.0); });
  }
  if (node.op == "Clip") {
    const auto bound = [&](std::size_t i, const char* attribute, double fallback) {
      const double given = node.number(attribute, fallback);
      return node.input(i).empty() ? std::optional(given) : graph_.scalar(node.input(i));
    };
    const double infinity = std::numeric_limits<double>::infinity();
    const auto low = bound(1, "min", -infinity), high = bound(2, "max", infinity);
    if (!low || !high) return {};
    return mapped(*a, [&](double x) { return std::min(std::max(x, *low), *high); });
  }
  if (node.op == "Where") {
    const auto b = value_of(node.input(1)), c = value_of(node.input(2));
    const auto chosen = b ? broadcast_to(*b, a->shape) : std::nullopt;
    auto others = c ? broadcast_to(*c, a->shape) : std::nullopt;
    if (!chosen || !others) return {};
    for (std::size_t i = 0; i < others->values.size(); ++i)
      if (a->values[i] != 0) others->values[i] = chosen->values[i];
    return others;
  }
  const OfTwo f = function_of_two(node.op);
  if (!f) return {};
  std::optional<Array> all = a;
  const bool takes_any_number = node.op == "Min" || node.op == "Max" || node.op == "Sum";
  if (node.inputs.size() != 2 && !takes_any_number) return {};
  for (std::size_t i = 1; i < node.inputs.size() && all; ++i) {
    const auto b = value_of(node.inputs[i]);
    all = b ? combined(*all, *b, f) : std::nullopt;
  }
  return all;
}

}  // namespace evenkeel::interchange::onnx
