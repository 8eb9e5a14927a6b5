#include "evenkeel/nn/layers/convolution.h"

#include "evenkeel/program/ops/convolution.h"

namespace evenkeel {

void Conv2D::describe(Fields<Conv2D>& fields) {
  fields.about("Convolution of images. Input [N, H, W, C], output [N, H', W', filters].");
  fields.add("filters", &Conv2D::filters, "number of output channels", kAtLeastOne)
      .add("kernel_size", &Conv2D::kernel_size, "height and width of the window")
      .add("strides", &Conv2D::strides, "step of the window")
      .add("padding", &Conv2D::padding, "same, valid, or numbers of zeros on each side")
      .add("activation", &Conv2D::activation, "activation after the bias")
      .add("use_bias", &Conv2D::use_bias, "add a learned bias")
      .add("kernel_initializer", &Conv2D::kernel_initializer, "initial values of the kernel")
      .add("bias_initializer", &Conv2D::bias_initializer, "initial values of the bias")
      .add("kernel_regularizer", &Conv2D::kernel_regularizer, "penalty on the kernel, e.g. l2(0.0001)")
      .add("trainable", &Conv2D::trainable, "updated by the optimizer");
}

LayerTraits traits(const Conv2D& conv) {
  return {.linear = LinearTraits{.bias = conv.use_bias ? "bias" : "",
                                 .outputs = conv.filters,
                                 .outputs_field = "filters",
                                 .window = ops::WindowOptions{conv.kernel_size, conv.strides, conv.padding}},
          .activation = conv.activation};
}

Value build(const Conv2D& conv, LayerBuilder& builder, Value x) {
  if (x.shape().rank() != 4)
    throw Error{{.expected = "input [N, H, W, C]", .received = to_string_batched(x.shape().without_first())}};
  const Shape shape{conv.kernel_size.h, conv.kernel_size.w, x.shape().back(), conv.filters};
  const Value kernel = builder.parameter("kernel", shape, conv.kernel_initializer, conv.kernel_regularizer);
  const Value bias = conv.use_bias ? builder.parameter("bias", {conv.filters}, conv.bias_initializer) : Value();
  const ops::Convolution op({conv.kernel_size, conv.strides, conv.padding});
  return builder.activate(conv.activation, builder.emit(op, {x, builder.factor(kernel), bias}, "convolution"));
}

}  // namespace evenkeel
