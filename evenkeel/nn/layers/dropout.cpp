#include "evenkeel/nn/layers/dropout.h"

#include <cmath>

#include "evenkeel/program/ops/dropout.h"

namespace evenkeel {
namespace {

constexpr double kSaturated = -1.6732632423543772 * 1.0507009873554805;  // -alpha * scale of selu

/// AlphaDropout's factor, so that variance 1 stays 1.
double alpha_factor(double rate) { return 1 / std::sqrt((1 - rate) * (1 + rate * kSaturated * kSaturated)); }

}  // namespace

void SpatialDropout2D::describe(Fields<SpatialDropout2D>& fields) {
  fields.about("Dropout of whole channels. Input and output [N, H, W, C].");
  fields.add("rate", &SpatialDropout2D::rate, "fraction of the channels dropped", kFraction);
}

LayerTraits traits(const SpatialDropout2D& layer) {
  return {.noise =
              NoiseTraits{
                  .factor_variance = 1 / (1 - layer.rate) - 1, .per = NoiseTraits::Per::channel, .rate = layer.rate},
          .identity_in_evaluation = true,
          .per_channel = true};
}

Value build(const SpatialDropout2D& layer, LayerBuilder& builder, Value x) {
  if (x.shape().rank() != 4)
    throw Error{{.expected = "input [N, H, W, C]", .received = to_string_batched(x.shape().without_first())}};
  return builder.emit(ops::SharedDropout(builder.index(), layer.rate, {-1, 1, 1, -1}), {x});
}

void StochasticDepth::describe(Fields<StochasticDepth>& fields) {
  fields.about("Dropout of whole samples, before a sum that leads around a branch. Input and output [N, ...].");
  fields.add("rate", &StochasticDepth::rate, "fraction of the samples dropped", kFraction);
}

LayerTraits traits(const StochasticDepth& layer) {
  return {
      .noise =
          NoiseTraits{.factor_variance = 1 / (1 - layer.rate) - 1, .per = NoiseTraits::Per::sample, .rate = layer.rate},
      .identity_in_evaluation = true,
      .per_channel = true};
}

Value build(const StochasticDepth& layer, LayerBuilder& builder, Value x) {
  std::vector<std::int64_t> mask(static_cast<std::size_t>(x.shape().rank()), 1);
  mask.front() = -1;
  return builder.emit(ops::SharedDropout(builder.index(), layer.rate, mask), {x});
}

void GaussianDropout::describe(Fields<GaussianDropout>& fields) {
  fields.about("Training multiplies each element by normal noise of mean 1, with the variance of Dropout's factor.");
  fields.add("rate", &GaussianDropout::rate, "rate of the Dropout that adds as much variance", kFraction);
}

LayerTraits traits(const GaussianDropout& layer) {
  return {.noise = NoiseTraits{.factor_variance = 1 / (1 - layer.rate) - 1, .rate = layer.rate},
          .identity_in_evaluation = true,
          .per_channel = true};
}

Value build(const GaussianDropout& layer, LayerBuilder& builder, Value x) {
  return builder.emit(ops::GaussianDropout(builder.index(), std::sqrt(layer.rate / (1 - layer.rate))), {x});
}

void AlphaDropout::describe(Fields<AlphaDropout>& fields) {
  fields.about("Dropout that keeps mean 0 and variance 1, for self-normalizing networks (selu).");
  fields.add("rate", &AlphaDropout::rate, "fraction of the elements dropped", kFraction);
}

LayerTraits traits(const AlphaDropout& layer) {
  // a x + b where kept, a s + b where dropped: the factor is a or 0, the offset b or a s + b.
  const double a = alpha_factor(layer.rate), spread = layer.rate * (1 - layer.rate) * a * a;
  return {.noise = NoiseTraits{.factor_mean = (1 - layer.rate) * a,
                               .factor_variance = spread,
                               .offset_variance = spread * kSaturated * kSaturated,
                               .covariance = -spread * kSaturated},
          .identity_in_evaluation = true,
          .per_channel = true};
}

Value build(const AlphaDropout& layer, LayerBuilder& builder, Value x) {
  const double a = alpha_factor(layer.rate), b = -a * layer.rate * kSaturated;
  const kernels::KeptAndDropped outcome{.scale = static_cast<float>(a),
                                        .offset = static_cast<float>(b),
                                        .dropped = static_cast<float>(a * kSaturated + b)};
  return builder.emit(ops::AffineDropout(builder.index(), layer.rate, outcome), {x});
}

}  // namespace evenkeel
