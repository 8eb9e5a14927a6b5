#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "evenkeel/interchange/onnx/operands.h"
#include "evenkeel/interchange/onnx/simplify.h"

namespace evenkeel::interchange::onnx {
namespace {

using Unary = double (*)(double);
using Binary = double (*)(double, double);

bool is_float(const Tensor& x) { return x.dtype() == DType::float32 || x.dtype() == DType::float64; }

const std::map<std::string, Unary, std::less<>> kUnary = {
    {"Neg", [](double x) { return -x; }},
    {"Abs", [](double x) { return std::abs(x); }},
    {"Sqrt", [](double x) { return std::sqrt(x); }},
    {"Exp", [](double x) { return std::exp(x); }},
    {"Log", [](double x) { return std::log(x); }},
    {"Reciprocal", [](double x) { return 1 / x; }},
    {"Floor", [](double x) { return std::floor(x); }},
    {"Ceil", [](double x) { return std::ceil(x); }},
    {"Round", [](double x) { return std::nearbyint(x); }},
    {"Sign", [](double x) { return static_cast<double>((x > 0) - (x < 0)); }},
    {"Erf", [](double x) { return std::erf(x); }},
    {"Relu", [](double x) { return std::max(x, 0.0); }},
    {"Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
    {"Tanh", [](double x) { return std::tanh(x); }},
    {"Not", [](double x) { return x == 0 ? 1.0 : 0.0; }},
};

const std::map<std::string, Binary, std::less<>> kBinary = {
    {"Add", [](double a, double b) { return a + b; }},
    {"Sub", [](double a, double b) { return a - b; }},
    {"Mul", [](double a, double b) { return a * b; }},
    {"Div", [](double a, double b) { return a / b; }},
    {"Pow", [](double a, double b) { return std::pow(a, b); }},
    {"Max", [](double a, double b) { return std::max(a, b); }},
    {"Min", [](double a, double b) { return std::min(a, b); }},
    {"Sum", [](double a, double b) { return a + b; }},
    {"Mod", [](double a, double b) { return a - std::floor(a / b) * b; }},
};

const std::map<std::string, Binary, std::less<>> kTests = {
    {"Equal", [](double a, double b) { return a == b ? 1.0 : 0.0; }},
    {"Greater", [](double a, double b) { return a > b ? 1.0 : 0.0; }},
    {"Less", [](double a, double b) { return a < b ? 1.0 : 0.0; }},
    {"GreaterOrEqual", [](double a, double b) { return a >= b ? 1.0 : 0.0; }},
    {"LessOrEqual", [](double a, double b) { return a <= b ? 1.0 : 0.0; }},
    {"And", [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; }},
    {"Or", [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }},
};

/// Where element i of a tensor of shape `result` finds its operand in one of shape `own`, which is repeated.
class Places {
 public:
  Places(const Sizes& result, const Sizes& own) {
    std::int64_t stride = 1;
    for (std::size_t i = 1; i <= result.size(); ++i) {
      const std::int64_t size = i <= own.size() ? own[own.size() - i] : 1;
      axes_.push_back({result[result.size() - i], size == 1 ? 0 : stride});
      stride *= size;
    }
  }
  std::size_t operator()(std::int64_t i) const {
    std::int64_t at = 0;
    for (const auto& [size, stride] : axes_) {
      at += i % size * stride;
      i /= size;
    }
    return static_cast<std::size_t>(at);
  }

 private:
  std::vector<std::pair<std::int64_t, std::int64_t>> axes_;  ///< innermost first
};

Sizes sizes_in(const Tensor& x) { return {x.shape().sizes().begin(), x.shape().sizes().end()}; }

/// f over all operands, one after another, each repeated to the common shape.
std::optional<Tensor> combined(const std::vector<const Tensor*>& operands, const Node& node, std::int64_t most,
                               DType dtype, Binary f) {
  Sizes sizes = sizes_in(*operands[0]);
  for (const Tensor* operand : operands) sizes = broadcast(sizes, sizes_in(*operand), node);
  if (product(sizes) > most || sizes.size() > Shape::kMaxRank) return {};
  Tensor result(Shape(sizes), DType::float64);
  const auto into = result.as<double>();
  for (std::size_t k = 0; k < operands.size(); ++k) {
    const Tensor numbers = converted(*operands[k], DType::float64);
    const auto from = numbers.as<double>();
    const Places place(sizes, sizes_in(*operands[k]));
    const bool is_alike = sizes_in(*operands[k]) == sizes;
    for (std::size_t i = 0; i < into.size(); ++i) {
      const double x = from[is_alike ? i : place(static_cast<std::int64_t>(i))];
      into[i] = k == 0 ? x : f(into[i], x);
    }
  }
  // Whole numbers are divided towards 0; converted() cuts off.
  return converted(result, dtype);
}

Tensor each(const Tensor& x, Unary f, DType dtype) {
  Tensor numbers = converted(x, DType::float64);
  for (double& number : numbers.as<double>()) number = f(number);
  return converted(numbers, dtype);
}

DType dtype_of(std::int64_t onnx_type) {
  switch (onnx_type) {
    case 1:
    case 10:
    case 16: return DType::float32;
    case 11: return DType::float64;
    case 2:
    case 9: return DType::uint8;
    case 7:
    case 12:
    case 13: return DType::int64;
    default: return DType::int32;
  }
}

Tensor cast(const Graph& graph, const Node& node) {
  const Tensor& x = *graph.constant(node.input(0));
  if (node.is("CastLike")) {
    const Tensor* like = graph.constant(node.input(1));
    return converted(x, like ? like->dtype() : DType::float32);
  }
  const std::int64_t to = node.integer("to", 1);
  if (to == 9)
    return each(
        x, [](double v) { return v != 0 ? 1.0 : 0.0; }, DType::uint8);
  return converted(x, dtype_of(to));
}

std::optional<Tensor> where(const Graph& graph, const Node& node, std::int64_t most) {
  const Tensor &condition = *graph.constant(node.input(0)), &a = *graph.constant(node.input(1)),
               &b = *graph.constant(node.input(2));
  const Sizes sizes = broadcast(broadcast(sizes_in(condition), sizes_in(a), node), sizes_in(b), node);
  if (product(sizes) > most || sizes.size() > Shape::kMaxRank) return {};
  const Tensor conditions = converted(condition, DType::float64), as = converted(a, DType::float64),
               bs = converted(b, DType::float64);
  Tensor result(Shape(sizes), DType::float64);
  const Places c(sizes, sizes_in(condition)), pa(sizes, sizes_in(a)), pb(sizes, sizes_in(b));
  const auto into = result.as<double>();
  for (std::size_t i = 0; i < into.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    into[i] = conditions.as<double>()[c(at)] != 0 ? as.as<double>()[pa(at)] : bs.as<double>()[pb(at)];
  }
  return converted(result, a.dtype());
}

std::optional<Tensor> clip(const Graph& graph, const Node& node) {
  const Tensor& x = *graph.constant(node.input(0));
  const double low = number_of(graph, node, "min", 1).value_or(-INFINITY),
               high = number_of(graph, node, "max", 2).value_or(INFINITY);
  Tensor numbers = converted(x, DType::float64);
  for (double& number : numbers.as<double>()) number = std::min(std::max(number, low), high);
  return converted(numbers, x.dtype());
}

}  // namespace

std::optional<Tensor> evaluate_elements(const Graph& graph, const Node& node, std::int64_t most_elements) {
  if (!node.domain.empty() || node.inputs.empty()) return {};
  if (node.is("Cast") || node.is("CastLike")) return cast(graph, node);
  if (node.is("Where")) return where(graph, node, most_elements);
  if (node.is("Clip")) return clip(graph, node);
  std::vector<const Tensor*> operands;
  for (const std::string& input : node.inputs) {
    operands.push_back(graph.constant(input));
    if (!operands.back()) return {};
  }
  if (const auto found = kUnary.find(node.op); found != kUnary.end() && operands.size() == 1)
    return each(*operands[0], found->second, operands[0]->dtype());
  if (const auto found = kBinary.find(node.op); found != kBinary.end()) {
    const bool divides = node.is("Div") || node.is("Mod");
    if (divides && !is_float(*operands[0]))
      for (std::size_t i = 1; i < operands.size(); ++i) {
        const Tensor numbers = converted(*operands[i], DType::float64);
        if (std::ranges::count(numbers.as<double>(), 0) > 0) refuse(node, "numbers other than 0 to divide by", "0");
      }
    return combined(operands, node, most_elements, operands[0]->dtype(), found->second);
  }
  if (const auto found = kTests.find(node.op); found != kTests.end() && operands.size() == 2)
    return combined(operands, node, most_elements, DType::uint8, found->second);
  return {};
}

}  // namespace evenkeel::interchange::onnx
