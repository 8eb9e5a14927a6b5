#include "evenkeel/nn/layers/dropout.h"

#include <cmath>

#include "evenkeel/nn/layers/core.h"
#include "evenkeel/program/ops/dropout.h"

namespace evenkeel {

void SpatialDropout2D::describe(Fields<SpatialDropout2D>& fields) {
  fields.add("rate", &SpatialDropout2D::rate, "fraction of the channels dropped", kFraction);
}

Value build(const SpatialDropout2D& layer, LayerBuilder& builder, Value x) {
  if (x.shape().rank() != 4)
    throw Error{{.expected = "input [N, H, W, C]", .received = to_string_batched(x.shape().without_first())}};
  return builder.emit(ops::SpatialDropout(builder.index(), layer.rate), {x});
}

void GaussianDropout::describe(Fields<GaussianDropout>& fields) {
  fields.add("rate", &GaussianDropout::rate, "of the Dropout that injects as much variance", kFraction);
}

Value build(const GaussianDropout& layer, LayerBuilder& builder, Value x) {
  return builder.emit(ops::GaussianDropout(builder.index(), std::sqrt(layer.rate / (1 - layer.rate))), {x});
}

void AlphaDropout::describe(Fields<AlphaDropout>& fields) {
  fields.add("rate", &AlphaDropout::rate, "fraction of the elements dropped", kFraction);
}

Value build(const AlphaDropout& layer, LayerBuilder& builder, Value x) {
  constexpr double kSaturated = -1.6732632423543772 * 1.0507009873554805;  // -alpha * scale of selu
  const double a = 1 / std::sqrt((1 - layer.rate) * (1 + layer.rate * kSaturated * kSaturated));
  const double b = -a * layer.rate * kSaturated;
  const kernels::KeptAndDropped outcome{.scale = static_cast<float>(a),
                                        .offset = static_cast<float>(b),
                                        .dropped = static_cast<float>(a * kSaturated + b)};
  return builder.emit(ops::AffineDropout(builder.index(), layer.rate, outcome), {x});
}

bool is_noise(const Layer& layer) {
  return layer.as<Dropout>() || layer.as<Uout>() || layer.as<SpatialDropout2D>() || layer.as<GaussianDropout>() ||
         layer.as<AlphaDropout>();
}

}  // namespace evenkeel
