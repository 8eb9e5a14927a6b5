#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/interchange/onnx/layer_writer.h"

namespace evenkeel::interchange {
namespace {

using Sizes = std::vector<std::int64_t>;

/// The attributes that say how a window slides over images, or over sequences.
void add_window(NodeMaker& node, const kernels::Window& at, bool is_sequence) {
  const auto both = [&](std::int64_t h, std::int64_t w) { return is_sequence ? Sizes{w} : Sizes{h, w}; };
  node.with("kernel_shape", both(at.kernel_h, at.kernel_w));
  node.with("strides", both(at.stride_h, at.stride_w));
  if (at.dilation_h != 1 || at.dilation_w != 1) node.with("dilations", both(at.dilation_h, at.dilation_w));
}

/// The padding that was asked for; for `same`, what it comes to.
Sizes pads_of(const kernels::Window& at, bool is_sequence) {
  if (is_sequence) return {at.pad_left, at.given_right};
  return {at.pad_top, at.pad_left, at.given_bottom, at.given_right};
}

/// A kernel [h, w, in, out] of ours, [out, in, h, w] in ONNX.
TensorRecord kernel_of_images(const kernels::Window& at, std::int64_t in, std::int64_t out) {
  return placed({out, in, at.kernel_h, at.kernel_w}, {2, 3, 1, 0});
}

/// A convolution's node with its kernel, and its bias if it has one.
GraphValue convolution(LayerSite& site, const LinearTraits& linear, const kernels::Window& at, const GraphValue& x,
                       TensorRecord kernel, std::int64_t groups) {
  const bool is_sequence = linear.window_axes == 1;
  std::vector<std::string> inputs = {x.name, site.graph.tensor(linear.kernel, "weight", std::move(kernel))};
  if (!linear.bias.empty()) inputs.push_back(site.graph.tensor(linear.bias, "bias", placed({site.output.back()})));
  NodeMaker node = site.graph.node("Conv", inputs);
  add_window(node, at, is_sequence);
  node.with("pads", pads_of(at, is_sequence));
  node.with("group", groups);
  return site.value(node.output(), Layout::channels_first);
}

GraphValue images_convolved(LayerSite& site) {
  const LayerTraits traits = site.layer.traits();
  const GraphValue x = site.x_in(Layout::channels_first);
  const kernels::Window at = traits.linear->over(x.ours.batched(1));
  const std::int64_t out = site.output.back(), in = x.ours.back() / at.groups;
  TensorRecord kernel = kernel_of_images(at, in, out);
  // Ours [h, w, C, multiplier] has the numbers of [h, w, 1, C * multiplier] in the same order.
  return activated(site, traits.activation, convolution(site, *traits.linear, at, x, std::move(kernel), at.groups));
}

}  // namespace

GraphValue write_layer(LayerSite& site, const Conv2D&) { return images_convolved(site); }
GraphValue write_layer(LayerSite& site, const DepthwiseConv2D&) { return images_convolved(site); }

GraphValue write_layer(LayerSite& site, const Conv1D& layer) {
  const LayerTraits traits = site.layer.traits();
  const GraphValue x = site.x_in(Layout::channels_first);
  const kernels::Window at = traits.linear->over(x.ours.batched(1));
  TensorRecord kernel = placed({layer.filters, x.ours.back() / layer.groups, layer.kernel_size}, {2, 1, 0});
  return activated(site, traits.activation, convolution(site, *traits.linear, at, x, std::move(kernel), layer.groups));
}

GraphValue write_layer(LayerSite& site, const SeparableConv2D& layer) {
  const LayerTraits traits = site.layer.traits();
  const GraphValue x = site.x_in(Layout::channels_first);
  const std::int64_t channels = x.ours.back(), middle = channels * layer.depth_multiplier;
  const kernels::Window at = ops::window_over(x.ours.batched(1), *traits.linear->window);
  NodeMaker first = site.graph.node(
      "Conv",
      {x.name, site.graph.tensor(traits.linear->first_kernel, "depthwise.weight", kernel_of_images(at, 1, middle))},
      "depthwise");
  add_window(first, at, false);
  first.with("pads", pads_of(at, false));
  first.with("group", channels);
  const kernels::Window pointwise;
  std::vector<std::string> inputs = {
      first.output(),
      site.graph.tensor(traits.linear->kernel, "pointwise.weight", kernel_of_images(pointwise, middle, layer.filters))};
  if (layer.use_bias) inputs.push_back(site.graph.tensor("bias", "pointwise.bias", placed({layer.filters})));
  NodeMaker second = site.graph.node("Conv", inputs);
  add_window(second, pointwise, false);
  return activated(site, layer.activation, site.value(second.output(), Layout::channels_first));
}

namespace {

/// ONNX computes an output of stride * (in - 1) + span + more - before - after.
struct Ends {
  std::int64_t after = 0, more = 0;
};

Ends ends_of(std::int64_t in, std::int64_t out, std::int64_t stride, std::int64_t span, std::int64_t before,
             std::int64_t given) {
  const std::int64_t surplus = stride * (in - 1) + span - before - out;  // after - more
  const std::int64_t after = std::max(surplus, given);
  return {.after = after, .more = after - surplus};
}

}  // namespace

GraphValue write_layer(LayerSite& site, const Conv2DTranspose& layer) {
  const LayerTraits traits = site.layer.traits();
  const GraphValue x = site.x_in(Layout::channels_first);
  const kernels::Window at = traits.linear->over(x.ours.batched(1));  // over the output
  const bool is_same = layer.padding == Padding::same;
  const Ends h =
      ends_of(x.ours[0], site.output[0], at.stride_h, at.span_h(), at.pad_top, is_same ? 0 : at.given_bottom);
  const Ends w =
      ends_of(x.ours[1], site.output[1], at.stride_w, at.span_w(), at.pad_left, is_same ? 0 : at.given_right);
  std::vector<std::string> inputs = {
      x.name, site.graph.tensor(traits.linear->kernel, "weight",
                                kernel_of_images(at, layer.filters / layer.groups, x.ours.back()))};
  if (layer.use_bias) inputs.push_back(site.graph.tensor("bias", "bias", placed({layer.filters})));
  NodeMaker node = site.graph.node("ConvTranspose", inputs);
  add_window(node, at, false);
  node.with("pads", Sizes{at.pad_top, at.pad_left, h.after, w.after});
  if (h.more != 0 || w.more != 0) node.with("output_padding", Sizes{h.more, w.more});
  node.with("group", layer.groups);
  return activated(site, layer.activation, site.value(node.output(), Layout::channels_first));
}

namespace {

/// A kernel [F, units] of ours as PyTorch's weight [units, F], whose columns are in the order of x.
TensorRecord kernel_of_features(const GraphValue& x, std::int64_t units) {
  TensorRecord to = placed({units, x.ours.back()}, {1, 0});
  if (x.layout != Layout::flattened) return to;
  const Shape images = channels_first(x.images);
  to.seen_as = images.batched(units);
  to.axes.clear();
  for (int i = 2; i <= images.rank(); ++i) to.axes.push_back(i);
  to.axes.push_back(1);
  to.axes.push_back(0);
  return to;
}

}  // namespace

GraphValue write_layer(LayerSite& site, const Dense& layer) {
  const auto bias = [&] { return site.graph.tensor("bias", "bias", placed({layer.units})); };
  if (site.x().ours.rank() == 1) {
    const GraphValue x = site.x();
    std::vector<std::string> inputs = {x.name,
                                       site.graph.tensor("kernel", "weight", kernel_of_features(x, layer.units))};
    if (layer.use_bias) inputs.push_back(bias());
    const std::string y = site.graph.node("Gemm", inputs).with("transB", 1).output();
    return activated(site, layer.activation, site.value(y, Layout::ours));
  }
  const GraphValue x = site.x_in(Layout::ours);
  const std::string kernel = site.graph.tensor("kernel", "kernel", placed({x.ours.back(), layer.units}));
  std::string y = site.graph.node("MatMul", {x.name, kernel}).output();
  if (layer.use_bias) y = site.graph.node("Add", {y, bias()}, "biased").output();
  return activated(site, layer.activation, site.value(y, Layout::ours));
}

}  // namespace evenkeel::interchange
