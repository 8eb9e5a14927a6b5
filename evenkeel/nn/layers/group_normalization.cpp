#include "evenkeel/nn/layers/group_normalization.h"

#include <fmt/format.h>

#include "evenkeel/program/ops/group_norm.h"

namespace evenkeel {
namespace {

/// The fields that layers with gamma and beta have in common.
template <class T>
void add_common(Fields<T>& fields) {
  fields.add("epsilon", &T::epsilon, "added to the variance", kPositive)
      .add("center", &T::center, "learn beta")
      .add("scale", &T::scale, "learn gamma")
      .add("beta_initializer", &T::beta_initializer, "initial values of beta")
      .add("gamma_initializer", &T::gamma_initializer, "initial values of gamma")
      .add("trainable", &T::trainable, "gamma and beta updated by the optimizer");
}

void require_positions(Value x, int rank, const char* expected) {
  if (x.shape().rank() < rank)
    throw Error{{.expected = expected, .received = to_string_batched(x.shape().without_first())}};
}

Value normalize(LayerBuilder& builder, const ops::GroupNormOptions& options, Value x, Value gamma, Value beta) {
  return builder.emit_all(ops::GroupNorm(options), {x, gamma, beta}, {"normalized", "mean", "inverse_deviation"})[0];
}

/// Emits a group normalization with the layer's gamma and beta.
template <class T>
Value normalize(const T& layer, LayerBuilder& builder, ops::GroupNormOptions options, Value x) {
  const Shape channels = {x.shape().back()};
  options.epsilon = layer.epsilon;
  const Value gamma = layer.scale ? builder.parameter("gamma", channels, layer.gamma_initializer) : Value();
  const Value beta = layer.center ? builder.parameter("beta", channels, layer.beta_initializer) : Value();
  return normalize(builder, options, x, gamma, beta);
}

/// A normalization of each sample by itself, with the layer's gamma and beta.
template <class T>
LayerTraits traits_of(const T& layer, NormalizationTraits normalization) {
  normalization.epsilon = layer.epsilon;
  return {.normalization = normalization,
          .scale = layer.scale ? "gamma" : "",
          .shift = layer.center ? "beta" : "",
          .per_channel = normalization.groups == -1};
}

using Over = NormalizationTraits::Over;

}  // namespace

void LayerNormalization::describe(Fields<LayerNormalization>& fields) {
  fields.about("Normalizes over the channels at each position of each sample. Input [N, ..., C].");
  add_common(fields);
}

LayerTraits traits(const LayerNormalization& layer) { return traits_of(layer, {.over = Over::position}); }

Value build(const LayerNormalization& layer, LayerBuilder& builder, Value x) {
  require_positions(x, 2, "input [N, ..., C]");
  return normalize(layer, builder, {.per_position = true}, x);
}

void GroupNormalization::describe(Fields<GroupNormalization>& fields) {
  fields.about("Normalizes over all positions and the channels of a group, in each sample. Input [N, ..., C].");
  fields.add("groups", &GroupNormalization::groups, "groups of channels; -1: one per channel");
  add_common(fields);
}

LayerTraits traits(const GroupNormalization& layer) {
  return traits_of(layer, {.over = Over::group, .groups = layer.groups});
}

Value build(const GroupNormalization& layer, LayerBuilder& builder, Value x) {
  require_positions(x, 2, "input [N, ..., C]");
  const std::int64_t channels = x.shape().back(), groups = layer.groups == -1 ? channels : layer.groups;
  if (groups < 1 || channels % groups != 0)
    throw Error{{.where = "\"groups\"",
                 .expected = fmt::format("a divisor of {}, the channels of {}, or -1 for a group each", channels,
                                         to_string_batched(x.shape().without_first())),
                 .received = std::to_string(layer.groups)}};
  return normalize(layer, builder, {.groups = groups}, x);
}

void InstanceNormalization::describe(Fields<InstanceNormalization>& fields) {
  fields.about("Normalizes each channel over the positions of each sample. Input [N, positions ..., C].");
  add_common(fields);
}

LayerTraits traits(const InstanceNormalization& layer) { return traits_of(layer, {.over = Over::group, .groups = -1}); }

Value build(const InstanceNormalization& layer, LayerBuilder& builder, Value x) {
  require_positions(x, 3, "input [N, positions ..., C]");
  return normalize(layer, builder, {.groups = x.shape().back()}, x);
}

void RMSNormalization::describe(Fields<RMSNormalization>& fields) {
  fields.about("Divides by the root of the mean square over the channels. Input [N, ..., C].");
  fields.add("epsilon", &RMSNormalization::epsilon, "added to the mean square", kPositive)
      .add("scale", &RMSNormalization::scale, "learn the scale")
      .add("trainable", &RMSNormalization::trainable, "scale updated by the optimizer");
}

LayerTraits traits(const RMSNormalization& layer) {
  return {.normalization = NormalizationTraits{.over = Over::position, .epsilon = layer.epsilon, .centered = false},
          .scale = layer.scale ? "scale" : ""};
}

Value build(const RMSNormalization& layer, LayerBuilder& builder, Value x) {
  require_positions(x, 2, "input [N, ..., C]");
  const Shape channels = {x.shape().back()};
  const Value scale = layer.scale ? builder.parameter("scale", channels, Initializer::ones()) : Value();
  return normalize(builder, {.epsilon = layer.epsilon, .per_position = true, .centered = false}, x, scale, Value());
}

}  // namespace evenkeel
