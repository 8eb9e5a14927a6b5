#include <algorithm>

#include "evenkeel/interchange/onnx/operator_parts.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange::onnx {
namespace {

void require_constant(Converter& converter, const Node& node, std::size_t i, const char* what) {
  if (!converter.graph().constant(node.input(i)))
    unsupported(node, std::string(what) + " that depend on the inputs of the network");
}

/// Whether there is a bias. Some exporters write one of zeros where a layer has none; it is no tensor of the file.
bool has_bias(Converter& converter, const Node& node, std::size_t i) {
  if (node.input(i).empty()) return false;
  require_constant(converter, node, i, "biases");
  const Constant& bias = *converter.graph().constant_entry(node.input(i));
  return !bias.initializer.empty() || converter.graph().scalar(node.input(i)) != 0.0;
}

/// The bias as it is, or repeated if it is one number.
void add_bias(Converter& converter, const Node& node, std::size_t i, std::int64_t outputs,
              std::vector<Weight>& weights) {
  const Tensor& bias = *converter.graph().constant(node.input(i));
  if (bias.shape().size() == outputs) {
    weights.push_back({.tensor = "bias", .ours = Shape{outputs}, .constant = node.input(i)});
    return;
  }
  const auto number = converter.graph().scalar(node.input(i));
  if (!number) unsupported(node, "a bias of shape " + to_string(bias.shape()));
  weights.push_back({.tensor = "bias", .ours = Shape{outputs}, .computed = repeated_number(node, outputs, *number)});
}

Padding padding_of_window(const Node& node, const WindowOf& window) {
  if (window.same) return Padding::same;
  if (std::ranges::any_of(window.begin, [](auto n) { return n < 0; }) ||
      std::ranges::any_of(window.end, [](auto n) { return n < 0; }))
    unsupported(node, "negative padding");
  if (window.begin.size() == 1) return {0, 0, window.begin[0], window.end[0]};
  return {window.begin[0], window.end[0], window.begin[1], window.end[1]};
}

Size2D pair_of(const Sizes& sizes) { return sizes.size() == 1 ? Size2D(1, sizes[0]) : Size2D(sizes[0], sizes[1]); }

Sizes outputs_of(std::int64_t channels, const Sizes& positions) {
  Sizes foreign{channels};
  foreign.insert(foreign.end(), positions.begin(), positions.end());
  return foreign;
}

Layer depthwise_of(const Node& node, const WindowOf& window, std::int64_t multiplier, bool bias) {
  return DepthwiseConv2D{.kernel_size = pair_of(window.kernel),
                         .strides = pair_of(window.strides),
                         .padding = padding_of_window(node, window),
                         .depth_multiplier = multiplier,
                         .dilation_rate = pair_of(window.dilations),
                         .use_bias = bias};
}

Layer convolution_of(const Node& node, const WindowOf& window, std::int64_t filters, bool bias) {
  if (window.kernel.size() == 1)
    return Conv1D{.filters = filters,
                  .kernel_size = window.kernel[0],
                  .strides = window.strides[0],
                  .padding = padding_of_window(node, window),
                  .dilation_rate = window.dilations[0],
                  .groups = node.integer("group", 1),
                  .use_bias = bias};
  return Conv2D{.filters = filters,
                .kernel_size = pair_of(window.kernel),
                .strides = pair_of(window.strides),
                .padding = padding_of_window(node, window),
                .dilation_rate = pair_of(window.dilations),
                .groups = node.integer("group", 1),
                .use_bias = bias};
}

void convolution(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  require_constant(converter, node, 1, "weights");
  if (view.foreign.size() != 2 && view.foreign.size() != 3)
    unsupported(node, "positions on " + std::to_string(std::ssize(view.foreign) - 1) + " axes");
  const Sizes weights = *converter.graph().shape(node.input(1));
  const Sizes kernel(weights.begin() + 2, weights.end());
  const WindowOf window = window_of(node, {view.foreign.begin() + 1, view.foreign.end()}, kernel);
  const std::int64_t channels = view.foreign[0], groups = node.integer("group", 1), filters = weights[0];
  const bool bias = has_bias(converter, node, 2), is_2d = kernel.size() == 2;
  const View x = converter.channels_last(node, view);
  const bool depthwise = is_2d && groups > 1 && groups == channels && weights[1] == 1;
  Weight kernels{.tensor = "kernel", .ours = {}, .constant = node.input(1)};
  if (depthwise) {
    kernels.seen = {channels, filters / channels, kernel[0], kernel[1]};
    kernels.axes = {2, 3, 0, 1};
    kernels.ours = Shape{kernel[0], kernel[1], channels, filters / channels};
  } else {
    kernels.axes = is_2d ? std::vector<int>{2, 3, 1, 0} : std::vector<int>{2, 1, 0};
    kernels.ours = is_2d ? Shape{kernel[0], kernel[1], weights[1], filters} : Shape{kernel[0], weights[1], filters};
  }
  std::vector<Weight> all;
  all.push_back(std::move(kernels));
  if (bias) add_bias(converter, node, 2, filters, all);
  const Layer layer =
      depthwise ? depthwise_of(node, window, filters / channels, bias) : convolution_of(node, window, filters, bias);
  const std::string name = converter.add(node, layer, {x.layer}, std::move(all));
  const Sizes foreign = outputs_of(filters, window.outputs);
  converter.set(node.output(), view_of_layer(name, foreign, last_order(foreign.size())));
}

void transposed_convolution(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  require_constant(converter, node, 1, "weights");
  const View x = as_image(converter, node, view);
  const Sizes weights = *converter.graph().shape(node.input(1));
  const Sizes kernel(weights.begin() + 2, weights.end());
  const TransposedWindow window = transposed_window_of(node, {view.foreign.begin() + 1, view.foreign.end()}, kernel);
  const std::int64_t groups = node.integer("group", 1), filters = weights[1] * groups;
  const bool bias = has_bias(converter, node, 2), is_2d = kernel.size() == 2;
  std::vector<Weight> all;
  all.push_back({.tensor = "kernel",
                 .ours = Shape{is_2d ? kernel[0] : 1, kernel.back(), weights[1], weights[0]},
                 .constant = node.input(1),
                 .axes = is_2d ? std::vector<int>{2, 3, 1, 0} : std::vector<int>{2, 1, 0}});
  if (bias) add_bias(converter, node, 2, filters, all);
  std::vector<std::int64_t> added = window.added;
  if (!is_2d) added.insert(added.begin(), 0);
  const std::string name = converter.add(node,
                                         Conv2DTranspose{.filters = filters,
                                                         .kernel_size = pair_of(window.kernel),
                                                         .strides = pair_of(window.strides),
                                                         .padding = padding_of_window(node, window),
                                                         .output_padding = added,
                                                         .dilation_rate = pair_of(window.dilations),
                                                         .groups = groups,
                                                         .use_bias = bias},
                                         {x.layer}, std::move(all));
  converter.set(node.output(), view_of_image(name, outputs_of(filters, window.outputs)));
}

/// The kernel [inputs, outputs] of a dense layer whose inputs lie as axis `axis` of the view does.
Weight dense_kernel(const View& x, int axis, const std::string& constant, std::int64_t outputs, bool turned) {
  const VectorView rows = vector_view(x, axis);
  const int count = rows.axes.empty() ? 1 : static_cast<int>(rows.axes.size());
  Weight kernel{
      .tensor = "kernel", .ours = Shape{x.foreign[static_cast<std::size_t>(axis)], outputs}, .constant = constant};
  kernel.seen = rows.seen;
  if (rows.seen.empty()) kernel.seen = {kernel.ours[turned ? 1 : 0], kernel.ours[turned ? 0 : 1]};
  if (!rows.seen.empty()) kernel.seen.insert(turned ? kernel.seen.begin() : kernel.seen.end(), outputs);
  for (int i = 0; i < count; ++i)
    kernel.axes.push_back((rows.axes.empty() ? 0 : rows.axes[static_cast<std::size_t>(i)]) + (turned ? 1 : 0));
  kernel.axes.push_back(turned ? 0 : count);
  return kernel;
}

/// The same tensor times a number.
void multiply(Converter& converter, const Node& node, Weight& weight, double factor) {
  if (factor == 1) return;
  if (weight.constant.empty()) {
    for (float& number : weight.computed.as<float>()) number = static_cast<float>(number * factor);
    return;
  }
  // Seen in the same way, but a constant of its own: the file has no such numbers.
  Tensor numbers = converter.numbers(node, weight.constant);
  for (float& number : numbers.as<float>()) number = static_cast<float>(number * factor);
  weight.constant = converter.graph().add_constant(weight.constant, std::move(numbers));
}

void gemm(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  require_constant(converter, node, 1, "weights");
  if (node.integer("transA", 0) != 0) unsupported(node, "transA");
  const bool turned = node.integer("transB", 0) != 0;
  const Sizes weights = *converter.graph().shape(node.input(1));
  const std::int64_t inputs = weights[turned ? 1 : 0], outputs = weights[turned ? 0 : 1];
  if (view.foreign != Sizes{inputs}) unsupported(node, "an input of shape " + to_text(view.foreign));
  const double alpha = node.number("alpha", 1), beta = node.number("beta", 1);
  const bool constant_bias = node.input(2).empty() || converter.graph().constant(node.input(2));
  const bool bias = constant_bias && beta != 0 && has_bias(converter, node, 2);
  const View x = converter.in_shape(node, view, {inputs});
  std::vector<Weight> all;
  all.push_back(dense_kernel(x, 0, node.input(1), outputs, turned));
  multiply(converter, node, all.back(), alpha);
  if (bias) {
    add_bias(converter, node, 2, outputs, all);
    multiply(converter, node, all.back(), beta);
  }
  std::string name = converter.add(node, Dense{.units = outputs, .use_bias = bias}, {x.layer}, std::move(all));
  if (!constant_bias) {
    if (beta != 1) unsupported(node, "beta with a matrix that depends on the inputs");
    const View other = converter.in_shape(node, converter.view(node, 2), {outputs});
    if (!vector_view(other, 0).axes.empty()) unsupported(node, "a flattened image as its third input");
    name = converter.add(node, Add{}, {name, other.layer});
  }
  converter.set(node.output(), view_of_layer(name, {outputs}));
}

/// A matrix product with constants on its right, with or without a bias.
void dense(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  require_constant(converter, node, 1, "matrices on the right");
  Sizes weights = *converter.graph().shape(node.input(1));
  while (weights.size() > 2 && weights.front() == 1) weights.erase(weights.begin());
  if (weights.size() != 2 || view.foreign.empty() ||
      converter.graph().rank(node.output()) != std::ssize(view.foreign) + 1)
    unsupported(node, "matrices of shapes " + to_text(view.foreign) + " and " + to_text(weights));
  const int axis = static_cast<int>(view.foreign.size()) - 1;
  // The leading axes in the file's order; the innermost may be in factors of another order.
  std::vector<int> wanted = seen_order(view, in_order(view.foreign.size() - 1));
  for (const int own : view.axes)
    if (std::ranges::find(wanted, own) == wanted.end()) wanted.push_back(own);
  const View x = wanted == view.axes ? converter.in_shape(node, view, view.foreign)
                                     : converter.ordered(node, view, in_order(view.foreign.size()));
  const bool bias = has_bias(converter, node, 2);
  std::vector<Weight> all;
  all.push_back(dense_kernel(x, axis, node.input(1), weights[1], false));
  if (bias) add_bias(converter, node, 2, weights[1], all);
  const std::string name = converter.add(node, Dense{.units = weights[1], .use_bias = bias}, {x.layer}, std::move(all));
  Sizes foreign = view.foreign;
  foreign.back() = weights[1];
  converter.set(node.output(), view_of_layer(name, foreign));
}

}  // namespace

void add_linear_operators(Operators& all) {
  all["Conv"] = convolution;
  all["ConvTranspose"] = transposed_convolution;
  all["Gemm"] = gemm;
  all["MatMul"] = dense;
  all["evenkeel.Dense"] = dense;
}

}  // namespace evenkeel::interchange::onnx
