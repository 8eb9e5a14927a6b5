#include "evenkeel/interchange/onnx/patterns/standardization.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "evenkeel/interchange/onnx/patterns/calculation.h"

// A normalization can be written in many ways: x * r + (beta - mean * r), (x - mean) * gamma / deviation, the variance
// as E[x^2] - E[x]^2, r by a root and a quotient or by a power. So it is found by what it computes.

namespace evenkeel::interchange::onnx {
namespace {

/// Between what the region computes and the formula, relative to the largest y. Both are in double precision; the
/// variance as a difference of squares loses a few digits where the mean is large.
constexpr double kSameFormula = 1e-6;

/// The axes of the region's means, if they are all the same.
std::optional<std::vector<int>> common_axes(const Graph& graph, const Region& region) {
  std::optional<std::vector<int>> axes;
  for (const Node* node : region.nodes) {
    if (!node->is("ReduceMean")) continue;
    const auto these = reduced_axes(graph, *node);
    if (!these || node->integer("keepdims", 1) == 0 || (axes && *axes != *these)) return {};
    axes = these;
  }
  return axes;
}

/// A shape that shows everything a region does with one of x's: as large as constants make it, a few elements along the
/// axes of means, and two along the others.
std::optional<Sizes> small_shape(const Graph& graph, const Region& region, const std::vector<int>& axes) {
  const Sizes* full = graph.shape(region.x);
  if (!full || full->empty()) return {};
  Sizes sizes(full->size(), 2);
  std::int64_t few = 5;
  for (const int axis : axes) sizes[static_cast<std::size_t>(axis)] = few++;
  for (const std::string& name : constants_of(graph, region)) {
    const Sizes& constant = *graph.shape(name);
    if (constant.size() > sizes.size()) return {};
    const std::size_t missing = sizes.size() - constant.size();
    for (std::size_t i = 0; i < constant.size(); ++i) {
      if (constant[i] == 1) continue;
      if (constant[i] != (*full)[i + missing]) return {};
      sizes[i + missing] = constant[i];
    }
  }
  std::int64_t count = 1;
  constexpr std::int64_t kMost = 1 << 20;
  for (const std::int64_t size : sizes)
    if (size < 1 || (count *= size) > kMost) return {};
  return sizes;
}

/// Numbers in general position: fractional parts of multiples of the golden ratio, from -0.5 to 0.5, times `deviation`.
Array spread(const Sizes& shape, double deviation, double mean, double phase) {
  Array x{.shape = shape, .values = {}};
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  for (std::int64_t i = 0; i < count; ++i) {
    const double at = phase + 0.6180339887498949 * static_cast<double>(i);
    x.values.push_back(mean +
                       deviation * (at - std::floor(at) - 0.5 + 0.3 * std::sin(static_cast<double>(i * i) + phase)));
  }
  return x;
}

/// The mean over `axes`, repeated to the shape of x.
Array mean_of(const Array& x, const std::vector<int>& axes) {
  std::vector<std::int64_t> strides(x.shape.size(), 0), at(x.shape.size(), 0);
  std::int64_t groups = 1;
  for (std::size_t i = x.shape.size(); i-- > 0;)
    if (std::ranges::find(axes, static_cast<int>(i)) == axes.end()) {
      strides[i] = groups;
      groups *= x.shape[i];
    }
  std::vector<std::size_t> group(x.values.size());
  std::vector<double> sums(static_cast<std::size_t>(groups));
  for (std::size_t k = 0; k < x.values.size(); ++k) {
    for (std::size_t i = 0; i < at.size(); ++i) group[k] += static_cast<std::size_t>(at[i] * strides[i]);
    sums[group[k]] += x.values[k];
    for (std::size_t i = at.size(); i-- > 0;) {
      if (++at[i] < x.shape[i]) break;
      at[i] = 0;
    }
  }
  const double per_group = static_cast<double>(x.values.size()) / static_cast<double>(groups);
  Array mean{.shape = x.shape, .values = {}};
  for (const std::size_t g : group) mean.values.push_back(sums[g] / per_group);
  return mean;
}

Array standardized(const Array& x, const Standardization& by) {
  Array d = x;
  if (by.centered) {
    const Array mean = mean_of(x, by.axes);
    for (std::size_t i = 0; i < d.values.size(); ++i) d.values[i] -= mean.values[i];
  }
  Array squares = d;
  for (double& value : squares.values) value *= value;
  const Array variance = mean_of(squares, by.axes);
  for (std::size_t i = 0; i < d.values.size(); ++i) d.values[i] /= std::sqrt(variance.values[i] + by.epsilon);
  return d;
}

/// Constants of the region that a node of one of these operators reads, before all others.
std::vector<std::string> candidates_for(const Graph& graph, const Region& region,
                                        std::initializer_list<std::string_view> readers) {
  std::vector<std::string> first, others;
  for (const std::string& name : constants_of(graph, region)) {
    const bool is_read = std::ranges::any_of(graph.consumers(name), [&](const Node* node) {
      return std::ranges::find(region.nodes, node) != region.nodes.end() &&
             std::ranges::find(readers, node->op) != readers.end();
    });
    (is_read ? first : others).push_back(name);
  }
  first.insert(first.end(), others.begin(), others.end());
  return first;
}

/// Which constant has these numbers, in the shape of x; "" if all are `neutral` and no vector stands for them.
std::optional<std::string> constant_like(const Graph& graph, const std::vector<std::string>& names,
                                         const std::vector<double>& numbers, const Sizes& shape, double neutral) {
  const auto is_near = [](double a, double b) { return std::abs(a - b) <= kSameFormula * std::max(1.0, std::abs(b)); };
  for (const std::string& name : names) {
    if (graph.constant(name)->shape().size() == 1) continue;
    const auto values = broadcast_to(array_of(*graph.constant(name)), shape);
    if (values && std::ranges::equal(numbers, values->values, is_near)) return name;
  }
  if (std::ranges::all_of(numbers, [&](double x) { return is_near(x, neutral); })) return "";
  return {};
}

class Comparison {
 public:
  Comparison(const Graph& graph, const Region& region, Sizes shape)
      : graph_(graph), region_(region), calculation_(graph), shape_(std::move(shape)) {}

  bool finds(Standardization& tried) {
    const auto bias = computed(spread(shape_, 0, 0, 0));
    const Array x = spread(shape_, 4, tried.centered ? 1 : 0.2, 0.1);
    const auto y = computed(x);
    if (!bias || !y) return false;
    const Array unit = standardized(x, tried);
    std::vector<double> scale;
    for (std::size_t i = 0; i < y->size(); ++i) {
      if (std::abs(unit.values[i]) < 1e-9) return false;  // no point in general position after all
      scale.push_back(((*y)[i] - (*bias)[i]) / unit.values[i]);
    }
    const auto gamma = constant_like(graph_, candidates_for(graph_, region_, {"Mul", "Div"}), scale, shape_, 1);
    const auto beta = constant_like(graph_, candidates_for(graph_, region_, {"Add", "Sub"}), *bias, shape_, 0);
    if (!gamma || !beta) return false;
    tried.scale = *gamma;
    tried.bias = *beta;
    // Where the deviation is about the root of epsilon, or far from it, every other place of epsilon shows.
    for (const double deviation : {std::sqrt(tried.epsilon), 0.1 * std::sqrt(tried.epsilon), 1.0, 300.0})
      if (!agrees(spread(shape_, deviation, deviation / 3, 0.7 + deviation), tried, scale, *bias)) return false;
    return true;
  }

 private:
  std::optional<std::vector<double>> computed(Array x) {
    if (!calculation_.run(region_, std::move(x)) || calculation_.at(region_.y).shape != shape_) return {};
    return calculation_.at(region_.y).values;
  }

  bool agrees(const Array& x, const Standardization& tried, const std::vector<double>& scale,
              const std::vector<double>& bias) {
    const auto y = computed(x);
    if (!y) return false;
    const Array unit = standardized(x, tried);
    for (std::size_t i = 0; i < y->size(); ++i) {
      const double expected = scale[i] * unit.values[i] + bias[i];
      // Not (a > b): NaN is not the same as anything.
      if (!(std::abs((*y)[i] - expected) <= kSameFormula * (1e-3 + std::abs(scale[i]) + std::abs(bias[i]))))
        return false;
    }
    return true;
  }

  const Graph& graph_;
  const Region& region_;
  Calculation calculation_;
  Sizes shape_;
};

}  // namespace

double as_written(double number) { return std::strtod(fmt::format("{}", static_cast<float>(number)).c_str(), nullptr); }

std::optional<Standardization> standardization_of(const Graph& graph, const Region& region) {
  const auto axes = common_axes(graph, region);
  const auto shape = axes ? small_shape(graph, region, *axes) : std::nullopt;
  const Sizes *in = graph.shape(region.x), *out = graph.shape(region.y);
  if (!shape || !in || !out || *in != *out) return {};
  Comparison comparison(graph, region, *shape);
  for (const std::string& name : constants_of(graph, region)) {
    const auto epsilon = graph.scalar(name);
    if (!epsilon || *epsilon <= 0 || *epsilon > 0.1 || graph.constant(name)->shape().size() != 1) continue;
    for (const bool centered : {true, false}) {
      Standardization tried{.centered = centered, .axes = *axes, .epsilon = *epsilon, .scale = {}, .bias = {}};
      if (!comparison.finds(tried)) continue;
      tried.epsilon = as_written(tried.epsilon);
      return tried;
    }
  }
  return {};
}

}  // namespace evenkeel::interchange::onnx
