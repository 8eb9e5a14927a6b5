#include "evenkeel/nn/layers/normalization.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/normalize.h"
#include "evenkeel/program/ops/permute.h"
#include "evenkeel/program/ops/reshape.h"
#include "evenkeel/program/ops/scale_shift.h"
#include "evenkeel/program/ops/statistics.h"

namespace evenkeel {
namespace {

/// The moving statistics of a layer, and those that a caller may supply instead.
struct LayerStatistics {
  LayerStatistics(LayerBuilder& builder, const Shape& channels)
      : mean(builder.state("moving_mean", channels, Initializer::zeros())),
        variance(builder.state("moving_variance", channels, Initializer::ones())),
        supplied_mean(builder.supplied("supplied_mean", channels)),
        supplied_variance(builder.supplied("supplied_variance", channels)) {}

  Value mean, variance, supplied_mean, supplied_variance;
};

/// Mean and variance, each a vector over the channels.
struct Pair {
  Value mean, variance;
};

/// Makes the moving statistics follow the batch's, which are kept too, so that both can be watched. `batches`: their
/// number, if the moving ones are the mean of all.
void update(LayerBuilder& builder, const ops::UpdateStatistics& op, const LayerStatistics& moving, const Pair& batch,
            Value batches = {}) {
  std::vector<Value> operands = {moving.mean, moving.variance, batch.mean, batch.variance};
  if (batches) operands.push_back(batches);
  builder.emit_all(op, operands);
  builder.keep(batch.mean);
  builder.keep(batch.variance);
}

/// The statistics that the layer's mode selects: the batch's (by groups, if there are groups), the moving or the
/// supplied ones. This line is before the update, so the moving ones are those before the step.
Pair select(LayerBuilder& builder, const LayerStatistics& layer, const Pair& batch) {
  const auto used = builder.emit_all(
      ops::SelectStatistics(builder.index()),
      {batch.mean, batch.variance, layer.mean, layer.variance, layer.supplied_mean, layer.supplied_variance},
      {"mean", "variance"});
  return {used[0], used[1]};
}

template <class O>
Pair emit_pair(LayerBuilder& builder, O op, const std::vector<Value>& inputs, const std::string& prefix) {
  const auto pair = builder.emit_all(std::move(op), inputs, {prefix + "_mean", prefix + "_variance"});
  return {pair[0], pair[1]};
}

std::int64_t rows_of(Value x) { return x.shape().size() / x.shape().back(); }

Shape channels_of(Value x) {
  if (x.shape().rank() < 2)
    throw Error{{.expected = "input [N, ..., C]", .received = to_string_batched(x.shape().without_first())}};
  return {x.shape().back()};
}

/// The axis of x, counted from the batch (0).
int axis_of(std::int64_t declared, Value x) {
  const int rank = x.shape().rank();
  const std::int64_t axis = declared < 0 ? declared + rank : declared;
  if (axis >= 1 && axis < rank) return static_cast<int>(axis);
  throw Error{{.where = "\"axis\"",
               .expected = fmt::format("an axis of {} other than the batch: 1 to {}, or -1 to {}",
                                       to_string_batched(x.shape().without_first()), rank - 1, 1 - rank),
               .received = std::to_string(declared)}};
}

/// x with its axes in this order: a view if possible, else a copy.
Value ordered(LayerBuilder& builder, Value x, const std::vector<int>& order, bool is_view, const std::string& name) {
  if (!is_view) return builder.emit(ops::Permute(order), {x}, name);
  std::vector<std::int64_t> sizes;
  for (const int axis : order) sizes.push_back(x.shape()[axis]);
  return builder.emit(ops::Reshape(Shape(sizes)), {x}, name);
}

}  // namespace

void BatchNormalization::describe(Fields<BatchNormalization>& fields) {
  fields.about(
      "Normalizes each channel: in training by the statistics of the batch, in evaluation by moving ones. Input [N, "
      "..., C].");
  fields
      .add("axis", &BatchNormalization::axis, "normalized axis of the input, counted from the batch; negative: the end")
      .add("momentum", &BatchNormalization::momentum, "weight of the old moving statistics", kUnit)
      .add("epsilon", &BatchNormalization::epsilon, "added to the variance", kPositive)
      .add("center", &BatchNormalization::center, "learn beta")
      .add("scale", &BatchNormalization::scale, "learn gamma")
      .add("unbiased_moving_variance", &BatchNormalization::unbiased_moving_variance,
           "moving variance follows n/(n-1) times the batch's")
      .add("virtual_batch_size", &BatchNormalization::virtual_batch_size,
           "samples that share statistics in training; 0: the whole batch", kNotNegative)
      .add("moving_statistics", &BatchNormalization::moving_statistics,
           "false: evaluation uses the statistics of the batch (PyTorch's track_running_stats=False)")
      .add("cumulative_average", &BatchNormalization::cumulative_average,
           "moving statistics are the mean of all batches' (PyTorch's momentum=None)")
      .add("frozen_statistics", &BatchNormalization::frozen_statistics,
           "training uses the moving statistics too, and does not change them (Keras's training=False)")
      .add("beta_initializer", &BatchNormalization::beta_initializer, "initial values of beta")
      .add("gamma_initializer", &BatchNormalization::gamma_initializer, "initial values of gamma")
      .add("trainable", &BatchNormalization::trainable, "gamma and beta updated by the optimizer");
}

LayerTraits traits(const BatchNormalization& layer) {
  const MovingTraits moving{.momentum = layer.cumulative_average ? 0 : layer.momentum,
                            .unbiased = layer.unbiased_moving_variance,
                            .virtual_batch_size = layer.virtual_batch_size,
                            .frozen = layer.frozen_statistics,
                            .batches = layer.cumulative_average ? "batches" : ""};
  return {
      .normalization = NormalizationTraits{.epsilon = layer.epsilon,
                                           .axis = layer.axis,
                                           .moving = layer.moving_statistics ? std::optional(moving) : std::nullopt},
      .scale = layer.scale ? "gamma" : "",
      .shift = layer.center ? "beta" : "",
      .per_channel = true};
}

namespace {

/// (x - mean) / deviation with these statistics, and then gamma and beta, if there are any.
Value normalized(const BatchNormalization& layer, LayerBuilder& builder, std::optional<int> index, Value x,
                 const std::array<Value, 2>& gamma_beta, const Pair& used, std::int64_t group) {
  const Value inverse = builder.emit(ops::InverseDeviation(layer.epsilon), {used.variance}, "inverse_deviation");
  return builder.emit(ops::Normalize(index, {.group_samples = group}),
                      {x, gamma_beta[0], gamma_beta[1], used.mean, inverse}, "normalized");
}

/// The same along the last axis.
Value normalize(const BatchNormalization& layer, LayerBuilder& builder, Value x) {
  const Shape channels = {x.shape().back()};
  const Value gamma = layer.scale ? builder.parameter("gamma", channels, layer.gamma_initializer) : Value();
  const Value beta = layer.center ? builder.parameter("beta", channels, layer.beta_initializer) : Value();
  const std::int64_t samples = x.shape()[0], of_group = layer.virtual_batch_size;
  const std::int64_t group = of_group >= samples ? 0 : of_group;
  const std::string prefix = group == 0 ? "batch" : "group";
  if (!layer.moving_statistics)  // no mode of the layer changes anything
    return normalized(layer, builder, {}, x, {gamma, beta}, emit_pair(builder, ops::Moments({}, group), {x}, prefix),
                      group);
  const LayerStatistics moving(builder, channels);
  const Value batches = layer.cumulative_average ? builder.state("batches", {1}, Initializer::zeros()) : Value();
  const int index = builder.index();
  const Pair grouped = emit_pair(builder, ops::Moments(index, group), {x}, prefix);
  const Pair batch = group == 0 ? grouped
                                : emit_pair(builder, ops::MergeGroups(index, samples, group),
                                            {grouped.mean, grouped.variance}, "batch");
  const std::int64_t rows = group == 0 ? rows_of(x) : rows_of(x) / samples * group;
  const Pair used = select(builder, moving, grouped);
  update(builder, ops::UpdateStatistics(index, layer.momentum, layer.unbiased_moving_variance, rows), moving, batch,
         batches);
  return normalized(layer, builder, index, x, {gamma, beta}, used, group);
}

}  // namespace

Value build(const BatchNormalization& layer, LayerBuilder& builder, Value x) {
  channels_of(x);  // throws Error for an input without channels
  if (layer.cumulative_average && !layer.moving_statistics)
    throw Error{{.where = "\"cumulative_average\"",
                 .expected = "moving statistics, which it is about",
                 .received = "moving_statistics = false"}};
  if (layer.frozen_statistics && !layer.moving_statistics)
    throw Error{{.where = "\"frozen_statistics\"",
                 .expected = "moving statistics, which it is about",
                 .received = "moving_statistics = false"}};
  const Shape shape = x.shape();
  const int axis = axis_of(layer.axis, x), last = shape.rank() - 1;
  builder.set_axis(shape, static_cast<int>(layer.axis));
  if (axis == last) return normalize(layer, builder, x);
  std::vector<int> order(static_cast<std::size_t>(last) + 1);
  std::iota(order.begin(), order.end(), 0);
  std::rotate(order.begin() + axis, order.begin() + axis + 1, order.end());
  const auto behind = shape.sizes().subspan(static_cast<std::size_t>(axis) + 1);
  const bool is_view = std::ranges::all_of(behind, [](std::int64_t size) { return size == 1; });
  const Value y = normalize(layer, builder, ordered(builder, x, order, is_view, std::string(kChannelsLast)));
  return ordered(builder, y, ops::Permute::inverse(order), is_view, "channels_back");
}

void BatchNormalizationFromParts::describe(Fields<BatchNormalizationFromParts>& fields) {
  fields.about("The same as BatchNormalization, made of moments, a moving average, a scale and a shift.");
  fields.add("momentum", &BatchNormalizationFromParts::momentum, "weight of the old moving statistics", kUnit)
      .add("epsilon", &BatchNormalizationFromParts::epsilon, "added to the variance", kPositive)
      .add("trainable", &BatchNormalizationFromParts::trainable, "gamma and beta updated by the optimizer");
}

LayerTraits traits(const BatchNormalizationFromParts& layer) {
  return {.normalization =
              NormalizationTraits{.epsilon = layer.epsilon, .moving = MovingTraits{.momentum = layer.momentum}},
          .scale = "gamma",
          .shift = "beta",
          .per_channel = true};
}

Value build(const BatchNormalizationFromParts& layer, LayerBuilder& builder, Value x) {
  const Shape channels = channels_of(x);
  const Value gamma = builder.parameter("gamma", channels, Initializer::ones());
  const Value beta = builder.parameter("beta", channels, Initializer::zeros());
  const LayerStatistics moving(builder, channels);
  const Pair batch = emit_pair(builder, ops::Moments(), {x}, "batch");
  const Pair used = select(builder, moving, batch);
  update(builder, ops::UpdateStatistics(builder.index(), layer.momentum, false, rows_of(x)), moving, batch);
  const Value inverse_deviation = builder.emit(ops::Rsqrt(layer.epsilon), {used.variance}, "inverse_deviation");
  const Value scale = builder.emit(ops::Multiply(), {gamma, inverse_deviation}, "scale");
  const Value shift = builder.emit(ops::Subtract(), {beta, builder.emit(ops::Multiply(), {used.mean, scale})}, "shift");
  return builder.emit(ops::ScaleShift(), {x, scale, shift}, "normalized");
}

void BatchRenormalization::describe(Fields<BatchRenormalization>& fields) {
  fields.about(
      "A BatchNormalization for small batches: training corrects the statistics of the batch towards the moving ones.");
  fields.add("momentum", &BatchRenormalization::momentum, "weight of the old moving statistics", kUnit)
      .add("epsilon", &BatchRenormalization::epsilon, "added to both variances", kPositive)
      .add("r_max", &BatchRenormalization::r_max, "limit of the ratio of the deviations", kAtLeastOne)
      .add("d_max", &BatchRenormalization::d_max, "limit of the difference of the means, in moving deviations",
           kNotNegative)
      .add("center", &BatchRenormalization::center, "learn beta")
      .add("scale", &BatchRenormalization::scale, "learn gamma")
      .add("unbiased_moving_variance", &BatchRenormalization::unbiased_moving_variance,
           "moving variance follows n/(n-1) times the batch's")
      .add("beta_initializer", &BatchRenormalization::beta_initializer, "initial values of beta")
      .add("gamma_initializer", &BatchRenormalization::gamma_initializer, "initial values of gamma")
      .add("trainable", &BatchRenormalization::trainable, "gamma and beta updated by the optimizer");
}

LayerTraits traits(const BatchRenormalization& layer) {
  return {.normalization = NormalizationTraits{.epsilon = layer.epsilon,
                                               .moving = MovingTraits{.momentum = layer.momentum,
                                                                      .unbiased = layer.unbiased_moving_variance,
                                                                      .in_training = true}},
          .scale = layer.scale ? "gamma" : "",
          .shift = layer.center ? "beta" : "",
          .per_channel = true};
}

Value build(const BatchRenormalization& layer, LayerBuilder& builder, Value x) {
  const Shape channels = channels_of(x);
  const Value gamma = layer.scale ? builder.parameter("gamma", channels, layer.gamma_initializer) : Value();
  const Value beta = layer.center ? builder.parameter("beta", channels, layer.beta_initializer) : Value();
  const LayerStatistics moving(builder, channels);
  const Pair batch = emit_pair(builder, ops::Moments(), {x}, "batch");
  const Pair used = select(builder, moving, batch);
  const auto correction =
      builder.emit_all(ops::Renormalization(builder.index(), layer.epsilon, layer.r_max, layer.d_max),
                       {batch.mean, batch.variance, moving.mean, moving.variance}, {"r", "d"});
  update(builder, ops::UpdateStatistics(builder.index(), layer.momentum, layer.unbiased_moving_variance, rows_of(x)),
         moving, batch);
  // y = x * scale + shift with scale = gamma * r / deviation and shift = gamma * d + beta - mean * scale.
  const auto times_gamma = [&](Value v) { return gamma ? builder.emit(ops::Multiply(), {gamma, v}) : v; };
  const Value inverse_deviation = builder.emit(ops::Rsqrt(layer.epsilon), {used.variance}, "inverse_deviation");
  const Value scale = times_gamma(builder.emit(ops::Multiply(), {inverse_deviation, correction[0]}));
  Value offset = times_gamma(correction[1]);
  if (beta) offset = builder.emit(ops::Add(), {offset, beta});
  const Value shift =
      builder.emit(ops::Subtract(), {offset, builder.emit(ops::Multiply(), {used.mean, scale})}, "shift");
  return builder.emit(ops::ScaleShift(), {x, scale, shift}, "normalized");
}

}  // namespace evenkeel
