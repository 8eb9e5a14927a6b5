#include "evenkeel/nn/layers/core.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evenkeel/program/ops/dense.h"
#include "evenkeel/program/ops/dropout.h"
#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/permute.h"
#include "evenkeel/program/ops/reshape.h"
#include "evenkeel/program/ops/uout.h"

namespace evenkeel {
namespace {

constexpr Range kNoiseSizes{.low = -1};

}  // namespace

void Input::describe(Fields<Input>& fields) { fields.about("Names the model's input and changes nothing."); }

LayerTraits traits(const Input&) { return {.identity_in_evaluation = true, .per_channel = true, .is_input = true}; }

Value build(const Input&, LayerBuilder&, Value x) { return x; }

void Dense::describe(Fields<Dense>& fields) {
  fields.about("Weighted sums of all inputs at a position: y = f(x W + b). Input [N, ..., F], output [N, ..., units].");
  fields.add("units", &Dense::units, "number of outputs", kAtLeastOne)
      .add("activation", &Dense::activation, "activation after the bias")
      .add("use_bias", &Dense::use_bias, "add a learned bias")
      .add("kernel_initializer", &Dense::kernel_initializer, "initial values of the kernel")
      .add("bias_initializer", &Dense::bias_initializer, "initial values of the bias")
      .add("kernel_regularizer", &Dense::kernel_regularizer, "penalty on the kernel, e.g. l2(0.0001)")
      .add("trainable", &Dense::trainable, "updated by the optimizer");
}

LayerTraits traits(const Dense& dense) {
  return {
      .linear = LinearTraits{.bias = dense.use_bias ? "bias" : "", .outputs = dense.units, .outputs_field = "units"},
      .activation = dense.activation};
}

Value build(const Dense& dense, LayerBuilder& builder, Value x) {
  const Shape shape = x.shape();
  const std::int64_t features = shape.back();
  const Value kernel =
      builder.parameter("kernel", {features, dense.units}, dense.kernel_initializer, dense.kernel_regularizer);
  const bool is_matrix = shape.rank() == 2;
  if (!is_matrix) x = builder.emit(ops::Reshape({shape.size() / features, features}), {x}, "positions");
  Value y = builder.emit(ops::MatMul(), {x, builder.factor(kernel)}, "product");
  if (dense.use_bias)
    y = builder.emit(ops::AddBias(), {y, builder.parameter("bias", {dense.units}, dense.bias_initializer)}, "biased");
  y = builder.activate(dense.activation, y);
  return is_matrix ? y : builder.emit(ops::Reshape(shape.with(shape.rank() - 1, dense.units)), {y});
}

void Activation::describe(Fields<Activation>& fields) {
  fields.about("An activation function. Input and output [N, ...]; softmax is over the last axis.");
  fields.add("activation", &Activation::activation, "the function");
}

LayerTraits traits(const Activation& layer) {
  return {.activation = layer.activation, .identity_in_evaluation = true, .per_channel = !layer.activation.is_softmax};
}

Value build(const Activation& layer, LayerBuilder& builder, Value x) { return builder.activate(layer.activation, x); }

void Rescaling::describe(Fields<Rescaling>& fields) {
  fields.about("y = scale * x + offset: preprocessing inside the model. Input and output [N, ...].");
  fields.add("scale", &Rescaling::scale, "factor").add("offset", &Rescaling::offset, "added after the factor");
}

LayerTraits traits(const Rescaling& layer) {
  return {.identity_in_evaluation = layer.scale == 1 && layer.offset == 0, .per_channel = true, .rescales = true};
}

Value build(const Rescaling& layer, LayerBuilder& builder, Value x) {
  return builder.emit(ops::ScaleOffset(layer.scale, layer.offset, builder.activation_type()), {x});
}

void Flatten::describe(Fields<Flatten>& fields) {
  fields.about("A row per sample: [N, ...] becomes [N, product of the rest].");
}

LayerTraits traits(const Flatten&) {
  return {.identity_in_evaluation = true, .per_channel = true, .axes = AxisOrder::flattened};
}

Value build(const Flatten&, LayerBuilder& builder, Value x) {
  return builder.emit(ops::Reshape({x.shape()[0], x.shape().row_size()}), {x});
}

void Permute::describe(Fields<Permute>& fields) {
  fields.about("The axes of each sample in another order. Input [N, ...].");
  fields.add("dims", &Permute::dims, "for each axis of the output, the axis of the input it comes from, counted from 1",
             kAtLeastOne);
}

LayerTraits traits(const Permute& layer) {
  return {.identity_in_evaluation = std::ranges::is_sorted(layer.dims),
          .per_channel = !layer.dims.empty() && layer.dims.back() == std::ssize(layer.dims),
          .axes = AxisOrder::permuted};
}

Value build(const Permute& layer, LayerBuilder& builder, Value x) {
  std::vector<std::int64_t> sorted = layer.dims, expected(static_cast<std::size_t>(x.shape().rank()) - 1);
  std::ranges::sort(sorted);
  std::iota(expected.begin(), expected.end(), 1);
  if (sorted != expected)
    throw Error{{.where = "\"dims\"",
                 .expected = "an order of " + to_string(field_value(expected)) + ", the axes of " +
                             to_string_batched(x.shape().without_first()),
                 .received = to_string(field_value(layer.dims))}};
  std::vector<int> order = {0};
  for (const std::int64_t axis : layer.dims) order.push_back(static_cast<int>(axis));
  return builder.emit(ops::Permute(order), {x}, "permuted");
}

void Dropout::describe(Fields<Dropout>& fields) {
  fields.about(
      "Training sets a share of the elements to zero and divides the others by 1 - rate. Evaluation changes nothing.");
  fields.add("rate", &Dropout::rate, "fraction of the elements dropped", kFraction)
      .add("noise_shape", &Dropout::noise_shape,
           "shape of the mask, with the batch: 1 where it is repeated, -1 where not; empty: no element shares it",
           kNoiseSizes);
}

namespace {

/// What has a draw of its own.
NoiseTraits::Per shared_by(const std::vector<std::int64_t>& noise_shape) {
  using Per = NoiseTraits::Per;
  const auto begin = noise_shape.begin();
  if (std::ranges::count(noise_shape, 1) == 0) return Per::element;
  if (noise_shape.size() < 2 || noise_shape.front() == 1) return Per::other;
  const auto ones = std::count(begin + 1, noise_shape.end(), 1), others = std::ssize(noise_shape) - 1;
  if (ones == others) return Per::sample;
  return ones == others - 1 && noise_shape.back() != 1 ? Per::channel : Per::other;
}

}  // namespace

LayerTraits traits(const Dropout& layer) {
  return {.noise =
              NoiseTraits{
                  .factor_variance = 1 / (1 - layer.rate) - 1, .per = shared_by(layer.noise_shape), .rate = layer.rate},
          .identity_in_evaluation = true,
          .per_channel = true};
}

Value build(const Dropout& layer, LayerBuilder& builder, Value x) {
  if (layer.noise_shape.empty()) return builder.emit(ops::Dropout(builder.index(), layer.rate), {x});
  return builder.emit(ops::SharedDropout(builder.index(), layer.rate, layer.noise_shape), {x});
}

void Uout::describe(Fields<Uout>& fields) {
  fields.about(
      "Training multiplies each element by 1 plus uniform noise in [-beta, beta). Evaluation changes nothing.");
  fields.add("beta", &Uout::beta, "largest relative change of an element", kNotNegative);
}

LayerTraits traits(const Uout& layer) {
  return {.noise = NoiseTraits{.factor_variance = layer.beta * layer.beta / 3},
          .identity_in_evaluation = true,
          .per_channel = true};
}

Value build(const Uout& layer, LayerBuilder& builder, Value x) {
  return builder.emit(ops::Uout(builder.index(), layer.beta), {x});
}

double uout_beta_for_dropout(double rate) {
  if (!kFraction.holds(rate))
    throw Error{{.where = "rate", .expected = kFraction.text(), .received = to_string(field_value(rate))}};
  return std::sqrt(3 * rate / (1 - rate));
}

}  // namespace evenkeel
