#include "evenkeel/nn/architectures/graph.h"

#include <algorithm>
#include <utility>

namespace evenkeel::architectures {
namespace {

Layer scaling_of(Pixels pixels, std::int64_t channels) {
  const auto normalization = [](std::vector<double> mean, std::vector<double> deviation) {
    for (double& v : deviation) v *= v;
    return FixedNormalization{.mean = std::move(mean), .variance = std::move(deviation)};
  };
  if (channels == 3 && pixels == Pixels::imagenet)
    return normalization({123.675, 116.28, 103.53}, {58.395, 57.12, 57.375});
  if (channels == 3 && pixels == Pixels::cifar) return normalization({125.3, 123.0, 113.9}, {63.0, 62.1, 66.7});
  return Rescaling{.scale = 1 / 127.5, .offset = -1};
}

}  // namespace

BatchNormalization torch_norm(double epsilon, double momentum) {
  return {.momentum = 1 - momentum, .epsilon = epsilon, .unbiased_moving_variance = true};
}

std::int64_t make_divisible(double value, std::int64_t divisor) {
  const auto whole = static_cast<std::int64_t>(value + static_cast<double>(divisor) / 2);
  const std::int64_t rounded = std::max(divisor, whole / divisor * divisor);
  return static_cast<double>(rounded) < 0.9 * value ? rounded + divisor : rounded;
}

Graph::Graph(const Request& request, Pixels pixels, Style style)
    : model_(request.input, request.name), style_(std::move(style)) {
  const std::int64_t channels = request.input.back();
  pixels_ = append("pixels", scaling_of(pixels, channels), {{"input", channels}}, channels);
}

Node Graph::append(const std::string& name, const Layer& layer, const std::vector<Node>& inputs,
                   std::int64_t channels) {
  std::vector<std::string> names;
  for (const Node& input : inputs) names.push_back(input.name);
  return {model_.append(layer.named(name), names), channels};
}

Node Graph::add(const std::string& name, const Layer& layer, const Node& x) {
  return append(name, layer, {x}, x.channels);
}

Node Graph::conv(const std::string& name, const Conv& c, const Node& x) {
  const Padding padding = c.padding.value_or(Padding(c.kernel.h / 2, c.kernel.w / 2));
  if (c.groups > 1 && c.groups == x.channels && c.groups == c.filters)
    return add(name,
               DepthwiseConv2D{.kernel_size = c.kernel,
                               .strides = c.stride,
                               .padding = padding,
                               .activation = c.activation,
                               .use_bias = c.bias,
                               .depthwise_initializer = style_.kernel},
               x);
  return append(name,
                Conv2D{.filters = c.filters,
                       .kernel_size = c.kernel,
                       .strides = c.stride,
                       .padding = padding,
                       .groups = c.groups,
                       .activation = c.activation,
                       .use_bias = c.bias,
                       .kernel_initializer = style_.kernel},
                {x}, c.filters);
}

Node Graph::norm(const std::string& name, const Node& x) { return add(name, style_.norm, x); }

Node Graph::activation(const std::string& name, ActivationFunction f, const Node& x) {
  return add(name, Activation{.activation = f}, x);
}

Node Graph::dense(const std::string& name, std::int64_t units, const Node& x, const Initializer& kernel) {
  return append(name, Dense{.units = units, .kernel_initializer = kernel}, {x}, units);
}

Node Graph::sum(const std::string& name, const Node& x, const Node& y) {
  return append(name, Add{}, {x, y}, x.channels);
}

Node Graph::concatenate(const std::string& name, const std::vector<Node>& inputs) {
  std::int64_t channels = 0;
  for (const Node& input : inputs) channels += input.channels;
  return append(name, Concatenate{}, inputs, channels);
}

Node Graph::conv_norm(const std::string& conv_name, const std::string& norm_name, const Conv& c, const Node& x,
                      const std::string& active) {
  const Node y = norm(norm_name, conv(conv_name, c, x));
  return active.empty() ? y : activation(active, y);
}

Node Graph::sequence(const std::string& name, const Conv& c, const Node& x, ActivationFunction f) {
  const Node y = conv_norm(name + "_0", name + "_1", c, x);
  return f == ActivationFunction::linear ? y : activation(name + "_2", f, y);
}

Node Graph::squeeze_and_excite(const std::string& name, std::int64_t squeezed, ActivationFunction inner,
                               ActivationFunction gate, const Node& x) {
  Node s = add(name + "_avgpool", GlobalAveragePooling2D{.keepdims = true}, x);
  s = conv(name + "_fc1", {.filters = squeezed, .kernel = 1, .bias = true, .activation = inner}, s);
  s = conv(name + "_fc2", {.filters = x.channels, .kernel = 1, .bias = true, .activation = gate}, s);
  return append(name + "_scale", Multiply{}, {x, s}, x.channels);
}

Node Graph::residual(const std::string& name, const Node& x, Node y, double drop_rate) {
  if (drop_rate > 0) y = add(name + "_stochastic_depth", StochasticDepth{.rate = drop_rate}, y);
  return sum(name + "_add", y, x);
}

}  // namespace evenkeel::architectures
