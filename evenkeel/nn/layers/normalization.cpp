#include "evenkeel/nn/layers/normalization.h"

#include "evenkeel/program/ops/batch_norm.h"
#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/statistics.h"

namespace evenkeel {
namespace {

/// The moving statistics of a layer, and those a caller may supply in their place.
struct LayerStatistics {
  LayerStatistics(LayerBuilder& builder, const Shape& channels)
      : mean(builder.state("moving_mean", channels, Initializer::zeros())),
        variance(builder.state("moving_variance", channels, Initializer::ones())),
        supplied_mean(builder.supplied("supplied_mean", channels)),
        supplied_variance(builder.supplied("supplied_variance", channels)) {}

  Value mean, variance, supplied_mean, supplied_variance;
};

/// Lets the moving statistics follow the batch's, which can be read after the run: who watches one wants the other.
void update(LayerBuilder& builder, const ops::UpdateStatistics& op, const LayerStatistics& moving, Value mean,
            Value variance) {
  builder.emit_all(op, {moving.mean, moving.variance, mean, variance});
  builder.keep(mean);
  builder.keep(variance);
}

std::int64_t rows_of(Value x) { return x.shape().size() / x.shape().back(); }

Shape channels_of(Value x) {
  if (x.shape().rank() < 2)
    throw Error{{.expected = "input [N, ..., C]", .received = to_string_batched(x.shape().without_first())}};
  return {x.shape().back()};
}

}  // namespace

void BatchNormalization::describe(Fields<BatchNormalization>& fields) {
  fields.add("momentum", &BatchNormalization::momentum, "weight of the old moving statistics", kUnit)
      .add("epsilon", &BatchNormalization::epsilon, "added to the variance", kPositive)
      .add("center", &BatchNormalization::center, "learn beta")
      .add("scale", &BatchNormalization::scale, "learn gamma")
      .add("unbiased_moving_variance", &BatchNormalization::unbiased_moving_variance,
           "moving variance follows n/(n-1) times the batch's")
      .add("beta_initializer", &BatchNormalization::beta_initializer, "first values of beta")
      .add("gamma_initializer", &BatchNormalization::gamma_initializer, "first values of gamma")
      .add("trainable", &BatchNormalization::trainable, "gamma and beta updated by the optimizer");
}

Value build(const BatchNormalization& layer, LayerBuilder& builder, Value x) {
  const Shape channels = channels_of(x);
  const Value gamma = layer.scale ? builder.parameter("gamma", channels, layer.gamma_initializer) : Value();
  const Value beta = layer.center ? builder.parameter("beta", channels, layer.beta_initializer) : Value();
  const LayerStatistics moving(builder, channels);
  const auto out =
      builder.emit_all(ops::BatchNorm(builder.index(), layer.epsilon),
                       {x, gamma, beta, moving.mean, moving.variance, moving.supplied_mean, moving.supplied_variance},
                       {"normalized", "mean", "inverse_deviation", "batch_mean", "batch_variance"});
  update(builder, ops::UpdateStatistics(builder.index(), layer.momentum, layer.unbiased_moving_variance, rows_of(x)),
         moving, out[3], out[4]);
  return out[0];
}

void BatchNormalizationFromParts::describe(Fields<BatchNormalizationFromParts>& fields) {
  fields.add("momentum", &BatchNormalizationFromParts::momentum, "weight of the old moving statistics", kUnit)
      .add("epsilon", &BatchNormalizationFromParts::epsilon, "added to the variance", kPositive)
      .add("trainable", &BatchNormalizationFromParts::trainable, "gamma and beta updated by the optimizer");
}

Value build(const BatchNormalizationFromParts& layer, LayerBuilder& builder, Value x) {
  const Shape channels = channels_of(x);
  const Value gamma = builder.parameter("gamma", channels, Initializer::ones());
  const Value beta = builder.parameter("beta", channels, Initializer::zeros());
  const LayerStatistics moving(builder, channels);
  const auto batch = builder.emit_all(ops::Moments(), {x}, {"batch_mean", "batch_variance"});
  const auto used = builder.emit_all(
      ops::SelectStatistics(builder.index()),
      {batch[0], batch[1], moving.mean, moving.variance, moving.supplied_mean, moving.supplied_variance},
      {"mean", "variance"});
  update(builder, ops::UpdateStatistics(builder.index(), layer.momentum, false, rows_of(x)), moving, batch[0],
         batch[1]);
  const Value inverse_deviation = builder.emit(ops::Rsqrt(layer.epsilon), {used[1]}, "inverse_deviation");
  const Value scale = builder.emit(ops::Multiply(), {gamma, inverse_deviation}, "scale");
  const Value shift = builder.emit(ops::Subtract(), {beta, builder.emit(ops::Multiply(), {used[0], scale})}, "shift");
  return builder.emit(ops::ScaleShift(), {x, scale, shift}, "normalized");
}

}  // namespace evenkeel
