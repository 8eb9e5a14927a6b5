#include "evenkeel/nn/layers/affine.h"

#include "evenkeel/program/ops/combine.h"
#include "evenkeel/program/ops/fill.h"
#include "evenkeel/program/ops/reshape.h"
#include "evenkeel/program/ops/scale_shift.h"

namespace evenkeel {

void Affine::describe(Fields<Affine>& fields) {
  fields.about(
      "A scale and an offset for each channel, as a BatchNormalization in evaluation, without statistics. Input [N, "
      "..., C].");
  fields.add("trainable", &Affine::trainable, "gamma and beta updated by the optimizer");
}

LayerTraits traits(const Affine&) { return {.scale = "gamma", .shift = "beta", .per_channel = true}; }

Value build(const Affine&, LayerBuilder& builder, Value x) {
  if (x.shape().rank() < 2)
    throw Error{{.expected = "input [N, ..., C]", .received = to_string_batched(x.shape().without_first())}};
  const Shape channels{x.shape().back()};
  const Value gamma = builder.parameter("gamma", channels, Initializer::ones());
  const Value beta = builder.parameter("beta", channels, Initializer::zeros());
  return builder.emit(ops::ScaleShift(), {x, gamma, beta});
}

void LayerScale::describe(Fields<LayerScale>& fields) {
  fields.about("A learned scale for each channel, small at first. Input and output [N, ..., C].");
  fields.add("initial_value", &LayerScale::initial_value, "initial value of gamma")
      .add("trainable", &LayerScale::trainable, "gamma updated by the optimizer");
}

LayerTraits traits(const LayerScale&) { return {.scale = "gamma", .per_channel = true}; }

Value build(const LayerScale& layer, LayerBuilder& builder, Value x) {
  if (x.shape().rank() < 2)
    throw Error{{.expected = "input [N, ..., C]", .received = to_string_batched(x.shape().without_first())}};
  const Value gamma = builder.parameter("gamma", {x.shape().back()}, Initializer::constant(layer.initial_value));
  const Value none = builder.emit(ops::Fill(gamma.shape(), gamma.type().dtype, 0), {});
  return builder.emit(ops::ScaleShift(), {x, gamma, none});
}

void PReLU::describe(Fields<PReLU>& fields) {
  fields.about("x where it is above 0, else a learned slope times x. Input and output [N, ...].");
  fields.add("alpha_initializer", &PReLU::alpha_initializer, "initial values of the slopes")
      .add("shared_axes", &PReLU::shared_axes, "axes along which slopes are shared, counted from 1: [1, 2] for images",
           kAtLeastOne)
      .add("trainable", &PReLU::trainable, "slopes updated by the optimizer");
}

LayerTraits traits(const PReLU&) { return {.slope = "alpha", .per_channel = true}; }

Value build(const PReLU& layer, LayerBuilder& builder, Value x) {
  const Shape sample = x.shape().without_first();
  Shape shape = sample;
  for (const std::int64_t axis : layer.shared_axes) {
    if (axis < 1 || axis > sample.rank())
      throw Error{{.where = "\"shared_axes\"",
                   .expected = "axes of " + to_string_batched(sample) + ", from 1 to " + std::to_string(sample.rank()),
                   .received = to_string(field_value(layer.shared_axes))}};
    shape = shape.with(static_cast<int>(axis) - 1, 1);
  }
  const Value alpha = builder.parameter("alpha", shape, layer.alpha_initializer);
  const Value slopes = builder.factor(builder.emit(ops::Reshape(shape.batched(1)), {alpha}, "slopes"));
  if (!kernels::repetition_of(x.shape(), slopes.shape())) {
    // Axes that are not neighbours are shared: slopes are repeated along those of a sample first.
    const Value of_sample = ops::repeated(slopes, sample.batched(1));
    return builder.emit(ops::Combine(kernels::Combination::slope), {x, of_sample}, "activation");
  }
  return builder.emit(ops::Combine(kernels::Combination::slope, true), {x, slopes}, "activation");
}

}  // namespace evenkeel
