#include "evenkeel/nn/layers/depthwise.h"

#include "evenkeel/nn/layers/shared/convolution_parts.h"
#include "evenkeel/program/ops/convolution.h"
#include "evenkeel/program/ops/reshape.h"

namespace evenkeel {
namespace {

template <class Layer>
void describe_multiplier(Fields<Layer>& fields) {
  fields.add("depth_multiplier", &Layer::depth_multiplier, "outputs of each channel", kAtLeastOne);
}
template <class Layer>
void describe_depthwise(Fields<Layer>& fields) {
  fields.add("depthwise_initializer", &Layer::depthwise_initializer, "initial values of the depthwise kernel")
      .add("depthwise_regularizer", &Layer::depthwise_regularizer, "penalty on that kernel, e.g. l2(0.0001)");
}

/// The kernel [h, w, C, multiplier], as that of C groups: [h, w, 1, C * multiplier] has the same numbers.
template <class Layer>
Value depthwise_kernel(const Layer& layer, LayerBuilder& builder, Value x, const char* name) {
  require_images(x);
  const std::int64_t channels = x.shape().back(), multiplier = layer.depth_multiplier;
  const Size2D size = layer.kernel_size;
  const Value kernel = builder.parameter(name, {size.h, size.w, channels, multiplier}, layer.depthwise_initializer,
                                         layer.depthwise_regularizer);
  return builder.emit(ops::Reshape({size.h, size.w, 1, channels * multiplier}), {builder.factor(kernel)});
}

template <class Layer>
ops::Convolution depthwise(const Layer& layer, Value x) {
  return ops::Convolution(window_options(layer), x.shape().back());
}

}  // namespace

void DepthwiseConv2D::describe(Fields<DepthwiseConv2D>& fields) {
  fields.about("Convolution of each channel by itself. Input [N, H, W, C], output [N, H', W', C * depth_multiplier].");
  describe_window(fields);
  describe_multiplier(fields);
  describe_output(fields);
  describe_depthwise(fields);
  fields.add("bias_initializer", &DepthwiseConv2D::bias_initializer, "initial values of the bias")
      .add("trainable", &DepthwiseConv2D::trainable, "updated by the optimizer");
}

LayerTraits traits(const DepthwiseConv2D& conv) {
  return {.linear = LinearTraits{.bias = conv.use_bias ? "bias" : "",
                                 .outputs = conv.depth_multiplier,
                                 .outputs_field = "depth_multiplier",
                                 .groups = -1,
                                 .window = window_options(conv),
                                 .regularizer_field = "depthwise_regularizer"},
          .activation = conv.activation,
          .per_channel = conv.depth_multiplier == 1 && !conv.activation.is_softmax};
}

Value build(const DepthwiseConv2D& conv, LayerBuilder& builder, Value x) {
  const Value kernel = depthwise_kernel(conv, builder, x, "kernel");
  const Value bias = bias_of(conv, builder, kernel.shape().back());
  return builder.activate(conv.activation, builder.emit(depthwise(conv, x), {x, kernel, bias}, "convolution"));
}

void SeparableConv2D::describe(Fields<SeparableConv2D>& fields) {
  fields.about(
      "A depthwise convolution, then a pointwise one that mixes its channels. Input [N, H, W, C], output "
      "[N, H', W', filters].");
  describe_filters(fields);
  describe_window(fields);
  describe_multiplier(fields);
  describe_output(fields);
  describe_depthwise(fields);
  fields.add("pointwise_initializer", &SeparableConv2D::pointwise_initializer, "initial values of the pointwise kernel")
      .add("pointwise_regularizer", &SeparableConv2D::pointwise_regularizer, "penalty on that kernel, e.g. l2(0.0001)")
      .add("bias_initializer", &SeparableConv2D::bias_initializer, "initial values of the bias")
      .add("trainable", &SeparableConv2D::trainable, "updated by the optimizer");
}

LayerTraits traits(const SeparableConv2D& conv) {
  return {.linear = LinearTraits{.kernel = "pointwise_kernel",
                                 .bias = conv.use_bias ? "bias" : "",
                                 .outputs = conv.filters,
                                 .outputs_field = "filters",
                                 .window = window_options(conv),
                                 .first_kernel = "depthwise_kernel",
                                 .regularizer_field = "pointwise_regularizer"},
          .activation = conv.activation};
}

Value build(const SeparableConv2D& conv, LayerBuilder& builder, Value x) {
  const Value first = depthwise_kernel(conv, builder, x, "depthwise_kernel");
  const Value middle = builder.emit(depthwise(conv, x), {x, first, Value()}, "depthwise");
  const Value kernel = builder.parameter("pointwise_kernel", {1, 1, middle.shape().back(), conv.filters},
                                         conv.pointwise_initializer, conv.pointwise_regularizer);
  const Value bias = bias_of(conv, builder, conv.filters);
  const ops::Convolution pointwise(ops::WindowOptions{});
  return builder.activate(conv.activation,
                          builder.emit(pointwise, {middle, builder.factor(kernel), bias}, "pointwise"));
}

}  // namespace evenkeel
