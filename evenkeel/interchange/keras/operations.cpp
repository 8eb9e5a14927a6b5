#include "evenkeel/interchange/keras/operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/interchange/keras/options.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange::keras {
namespace {

/// The last word of TensorFlow's name of a function, or Keras 3's class, in small letters: "add" of
/// "__operators__.add".
std::string function_of(const Node& node) {
  std::string name = node.type;
  if (!node.is_operation())
    name = node.config.contains("function") && node.config["function"].is_string()
               ? node.config["function"].get<std::string>()
               : "";
  name = name.substr(name.rfind('.') + 1);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

std::string shown(const Node& node) {
  if (node.is_operation()) return "keras.ops " + node.type;
  return node.config.contains("function") && node.config["function"].is_string()
             ? "TFOpLambda " + shortened(node.config["function"].get<std::string>(), 60)
             : node.type;
}

std::optional<Layer> merge(const std::string& function) {
  if (function == "add") return Add{};
  if (function == "multiply" || function == "mul") return Multiply{};
  if (function == "subtract" || function == "sub") return Subtract{};
  if (function == "maximum") return Maximum{};
  if (function == "minimum") return Minimum{};
  return {};
}

/// scale * x + offset of an operation with one constant.
struct Line {
  std::vector<double> scale = {1}, offset = {0};
};
std::optional<Line> line_of(const std::string& function, const std::vector<double>& c, bool constant_first) {
  const auto each = [&](auto change) {
    std::vector<double> changed;
    for (const double value : c) changed.push_back(change(value));
    return changed;
  };
  if (function == "add") return Line{.offset = c};
  if (function == "multiply" || function == "mul") return Line{.scale = c};
  if (function == "subtract" || function == "sub")
    return constant_first ? Line{.scale = {-1}, .offset = c} : Line{.offset = each([](double v) { return -v; })};
  if ((function == "truediv" || function == "divide" || function == "truedivide") && !constant_first)
    return Line{.scale = each([](double v) { return 1 / v; })};
  return {};
}

std::optional<ActivationFunction> activation(const Node& node, const std::string& function, const std::string& where) {
  static const std::map<std::string, ActivationFunction> kPlain = {
      {"relu", ActivationFunction::relu},         {"relu6", ActivationFunction::relu6},
      {"sigmoid", ActivationFunction::sigmoid},   {"tanh", ActivationFunction::tanh},
      {"silu", ActivationFunction::silu},         {"swish", ActivationFunction::silu},
      {"softplus", ActivationFunction::softplus}, {"softsign", ActivationFunction::softsign},
      {"selu", ActivationFunction::selu}};
  if (const auto plain_one = kPlain.find(function); plain_one != kPlain.end()) return plain_one->second;
  if (!node.is_operation()) return {};
  if (function == "hardsigmoid") return ActivationFunction::hard_sigmoid;
  if (function == "hardsilu") return ActivationFunction::hard_swish;
  if (function == "elu") return ActivationFunction::elu(number_of(node.config, "alpha", "alpha", 1, where));
  if (function == "leakyrelu")
    return ActivationFunction::leaky_relu(number_of(node.config, "negative_slope", "alpha", 0.2, where));
  if (function == "gelu")
    return node.config.value("approximate", true) ? ActivationFunction::gelu_tanh : ActivationFunction::gelu;
  return {};
}

/// Whether the operation has nothing but what its function takes, in one call.
void check_constants(const Node& node, std::size_t most) {
  const auto& arguments = node.calls.front().arguments;
  const auto constants = std::ranges::count(arguments, false, &Argument::is_output);
  if (static_cast<std::size_t>(constants) > most) throw Unsupported{shown(node)};
}

}  // namespace

Layer by_channel(std::vector<double> scale, std::vector<double> offset, const std::string& what) {
  const std::size_t channels = std::max(scale.size(), offset.size());
  if (scale.size() == 1) scale.resize(channels, scale.front());
  if (offset.size() == 1) offset.resize(channels, offset.front());
  if (scale.size() != offset.size() || scale.empty()) throw Unsupported{what + " with so many numbers"};
  std::vector<double> mean, variance;
  for (std::size_t i = 0; i < channels; ++i) {
    // (x - mean) / sqrt(variance), whose factor is above 0 and at most 1e7.
    if (!(scale[i] > 0) || scale[i] > 1e6) throw Unsupported{what + " with such numbers"};
    mean.push_back(-offset[i] / scale[i]);
    variance.push_back(1 / (scale[i] * scale[i]));
  }
  return fixed_normalization(mean, variance);
}

Translated translate_operation(const Node& node, const Usage& usage, const std::string& where) {
  const std::string function = function_of(node);
  if (node.calls.empty()) throw Unsupported{shown(node)};
  const std::vector<Output> outputs = node.calls.front().outputs();
  const auto& arguments = node.calls.front().arguments;
  if (outputs.size() == 2) {
    const auto layer = merge(function);
    if (!layer) throw Unsupported{shown(node)};
    check_constants(node, 0);
    return {.chain = {*layer}};
  }
  if (outputs.size() != 1) throw Unsupported{shown(node)};
  if (const auto f = activation(node, function, where)) {
    check_constants(node, 0);
    return {.chain = {Activation{.activation = *f}}};
  }
  check_constants(node, 1);
  if (arguments.size() != 2) throw Unsupported{shown(node)};
  const bool first = !arguments.front().is_output;
  const Json& constant = arguments[first ? 0 : 1].constant;
  const std::vector<double> numbers = numbers_of(constant, where);
  auto line = line_of(function, numbers, first);
  if (!line) throw Unsupported{shown(node)};
  if (numbers.size() == 1) return {.chain = {Rescaling{.scale = line->scale.front(), .offset = line->offset.front()}}};
  if (!usage.inputs.empty() && usage.inputs.front().back() != static_cast<std::int64_t>(numbers.size()))
    throw Unsupported{shown(node) + " with numbers that are not one per channel"};
  return {.chain = {by_channel(std::move(line->scale), std::move(line->offset), shown(node))}};
}

}  // namespace evenkeel::interchange::keras
