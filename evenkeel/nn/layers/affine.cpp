#include "evenkeel/nn/layers/affine.h"

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

}  // namespace evenkeel
