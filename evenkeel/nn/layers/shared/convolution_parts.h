#pragma once

#include "evenkeel/nn/layer.h"

// What the convolution layers share.

namespace evenkeel {

/// Throws Error unless x has the axes of images.
inline void require_images(Value x) {
  if (x.shape().rank() != 4)
    throw Error{{.expected = "input [N, H, W, C]", .received = to_string_batched(x.shape().without_first())}};
}

template <class Layer>
void describe_filters(Fields<Layer>& fields) {
  fields.add("filters", &Layer::filters, "number of output channels", kAtLeastOne);
}
template <class Layer>
void describe_window(Fields<Layer>& fields) {
  fields.add("kernel_size", &Layer::kernel_size, "height and width of the window")
      .add("strides", &Layer::strides, "step of the window")
      .add("padding", &Layer::padding, "zeros around the images")
      .add("dilation_rate", &Layer::dilation_rate, "distance of neighbouring taps of the window");
}
template <class Layer>
void describe_groups(Fields<Layer>& fields) {
  fields.add("groups", &Layer::groups, "groups of channels; a filter reads those of its group", kAtLeastOne);
}
template <class Layer>
void describe_output(Fields<Layer>& fields) {
  fields.add("activation", &Layer::activation, "activation after the bias")
      .add("use_bias", &Layer::use_bias, "add a learned bias");
}
template <class Layer>
void describe_kernel(Fields<Layer>& fields) {
  fields.add("kernel_initializer", &Layer::kernel_initializer, "initial values of the kernel")
      .add("bias_initializer", &Layer::bias_initializer, "initial values of the bias")
      .add("kernel_regularizer", &Layer::kernel_regularizer, "penalty on the kernel, e.g. l2(0.0001)")
      .add("trainable", &Layer::trainable, "updated by the optimizer");
}

template <class Layer>
ops::WindowOptions window_options(const Layer& layer) {
  return {
      .kernel = layer.kernel_size, .strides = layer.strides, .padding = layer.padding, .dilation = layer.dilation_rate};
}

/// The bias of so many outputs, or an absent value if the layer has none.
template <class Layer>
Value bias_of(const Layer& layer, LayerBuilder& builder, std::int64_t outputs) {
  return layer.use_bias ? builder.parameter("bias", {outputs}, layer.bias_initializer) : Value();
}

}  // namespace evenkeel
