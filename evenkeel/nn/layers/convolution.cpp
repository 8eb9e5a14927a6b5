#include "evenkeel/nn/layers/convolution.h"

#include "evenkeel/nn/layers/shared/convolution_parts.h"
#include "evenkeel/program/ops/convolution.h"
#include "evenkeel/program/ops/dense.h"
#include "evenkeel/program/ops/reshape.h"

namespace evenkeel {

void Conv2D::describe(Fields<Conv2D>& fields) {
  fields.about("Convolution of images. Input [N, H, W, C], output [N, H', W', filters].");
  describe_filters(fields);
  describe_window(fields);
  describe_groups(fields);
  describe_output(fields);
  describe_kernel(fields);
}

LayerTraits traits(const Conv2D& conv) {
  return {.linear = LinearTraits{.bias = conv.use_bias ? "bias" : "",
                                 .outputs = conv.filters,
                                 .outputs_field = "filters",
                                 .groups = conv.groups,
                                 .window = window_options(conv)},
          .activation = conv.activation};
}

Value build(const Conv2D& conv, LayerBuilder& builder, Value x) {
  require_images(x);
  ops::require_groups(conv.groups, x.shape().back(), conv.filters);
  const Shape shape{conv.kernel_size.h, conv.kernel_size.w, x.shape().back() / conv.groups, conv.filters};
  const Value kernel = builder.parameter("kernel", shape, conv.kernel_initializer, conv.kernel_regularizer);
  const Value bias = bias_of(conv, builder, conv.filters);
  const ops::Convolution op(window_options(conv), conv.groups);
  return builder.activate(conv.activation, builder.emit(op, {x, builder.factor(kernel), bias}, "convolution"));
}

namespace {

/// Of a window of height 1.
ops::WindowOptions window_of_sequence(const Conv1D& conv) {
  Padding padding = conv.padding;
  if (padding == Padding(padding.top)) padding = {0, padding.top};
  return {.kernel = {1, conv.kernel_size},
          .strides = {1, conv.strides},
          .padding = padding,
          .dilation = {1, conv.dilation_rate}};
}

}  // namespace

void Conv1D::describe(Fields<Conv1D>& fields) {
  fields.about("Convolution of sequences. Input [N, L, C], output [N, L', filters].");
  describe_filters(fields);
  fields.add("kernel_size", &Conv1D::kernel_size, "length of the window", kAtLeastOne)
      .add("strides", &Conv1D::strides, "step of the window", kAtLeastOne)
      .add("padding", &Conv1D::padding, "same, valid, zeros on both sides, or [0, 0, before, after]")
      .add("dilation_rate", &Conv1D::dilation_rate, "distance of neighbouring taps of the window", kAtLeastOne);
  describe_groups(fields);
  describe_output(fields);
  describe_kernel(fields);
}

LayerTraits traits(const Conv1D& conv) {
  return {.linear = LinearTraits{.bias = conv.use_bias ? "bias" : "",
                                 .outputs = conv.filters,
                                 .outputs_field = "filters",
                                 .groups = conv.groups,
                                 .window = window_of_sequence(conv),
                                 .window_axes = 1},
          .activation = conv.activation};
}

Value build(const Conv1D& conv, LayerBuilder& builder, Value x) {
  const Shape& in = x.shape();
  if (in.rank() != 3) throw Error{{.expected = "input [N, L, C]", .received = to_string_batched(in.without_first())}};
  const ops::WindowOptions window = window_of_sequence(conv);
  if (window.padding.top != 0 || window.padding.bottom != 0)
    throw Error{{.where = "padding",
                 .expected = "\"same\", \"valid\", a number, or [0, 0, before, after]",
                 .received = to_string(field_value(conv.padding))}};
  ops::require_groups(conv.groups, in[2], conv.filters);
  const Shape shape{conv.kernel_size, in[2] / conv.groups, conv.filters};
  const Value kernel = builder.parameter("kernel", shape, conv.kernel_initializer, conv.kernel_regularizer);
  const Value bias = bias_of(conv, builder, conv.filters);
  const Value images = builder.emit(ops::Reshape({in[0], 1, in[1], in[2]}), {x});
  const Value as_window = builder.emit(ops::Reshape({1, shape[0], shape[1], shape[2]}), {builder.factor(kernel)});
  const Value y = builder.emit(ops::Convolution(window, conv.groups), {images, as_window, bias}, "convolution");
  const Value sequences = builder.emit(ops::Reshape({in[0], y.shape()[2], conv.filters}), {y});
  return builder.activate(conv.activation, sequences);
}

namespace {

/// Nothing also where the list has another length, which `build` refuses.
std::optional<Size2D> output_padding_of(const Conv2DTranspose& conv) {
  const std::vector<std::int64_t> more = conv.output_padding.value_or(std::vector<std::int64_t>());
  if (more.size() == 1) return Size2D(more[0]);
  if (more.size() == 2) return Size2D(more[0], more[1]);
  return {};
}

}  // namespace

void Conv2DTranspose::describe(Fields<Conv2DTranspose>& fields) {
  fields.about(
      "Transposed convolution: each input pixel is added to a window of outputs. Input [N, H, W, C], output "
      "[N, H', W', filters].");
  describe_filters(fields);
  describe_window(fields);
  fields.add("output_padding", &Conv2DTranspose::output_padding,
             "rows and columns added at the end of the output; default: Keras's", kNotNegative);
  describe_groups(fields);
  describe_output(fields);
  describe_kernel(fields);
}

LayerTraits traits(const Conv2DTranspose& conv) {
  return {.linear = LinearTraits{.bias = conv.use_bias ? "bias" : "",
                                 .outputs = conv.filters,
                                 .outputs_field = "filters",
                                 .groups = conv.groups,
                                 .window = window_options(conv),
                                 .transposed = true,
                                 .output_padding = output_padding_of(conv)},
          .activation = conv.activation};
}

Value build(const Conv2DTranspose& conv, LayerBuilder& builder, Value x) {
  require_images(x);
  ops::require_groups(conv.groups, x.shape().back(), conv.filters);
  if (conv.output_padding && !output_padding_of(conv))
    throw Error{{.where = "output_padding",
                 .expected = "a whole number or [height, width]",
                 .received = to_string(field_value(conv.output_padding))}};
  const ops::WindowOptions window = window_options(conv);
  const Shape y = ops::transposed_over(x.shape(), window, output_padding_of(conv), conv.filters);
  const Shape shape{conv.kernel_size.h, conv.kernel_size.w, conv.filters / conv.groups, x.shape().back()};
  const Value kernel = builder.parameter("kernel", shape, conv.kernel_initializer, conv.kernel_regularizer);
  const ops::ConvolutionDataGradient op(window, y, conv.groups);
  Value sums = builder.emit(op, {x, builder.factor(kernel)}, "convolution");
  if (const Value bias = bias_of(conv, builder, conv.filters)) sums = builder.emit(ops::AddBias(), {sums, bias});
  return builder.activate(conv.activation, sums);
}

}  // namespace evenkeel
