#include "evenkeel/nn/layers/reshaping.h"

#include <algorithm>

#include "evenkeel/program/ops/permute.h"
#include "evenkeel/program/ops/reshape.h"

namespace evenkeel {
namespace {

/// The sizes with the one that is -1 found from the number of elements; 0 where that does not work out.
std::vector<std::int64_t> completed(std::vector<std::int64_t> sizes, std::int64_t elements) {
  for (const std::int64_t size : sizes)
    if (size > 0) elements = elements % size == 0 ? elements / size : 0;
  std::ranges::replace(sizes, std::int64_t{-1}, elements);
  return sizes;
}

}  // namespace

void Reshape::describe(Fields<Reshape>& fields) {
  fields.about("Each sample's numbers, in the same order, in another shape: [N, ...] becomes [N, target_shape].");
  fields.add("target_shape", &Reshape::target_shape, "the shape of a sample; one size may be -1: what the others leave",
             {.low = -1});
}

LayerTraits traits(const Reshape&) { return {.identity_in_evaluation = true, .axes = AxisOrder::reshaped}; }

Value build(const Reshape& layer, LayerBuilder& builder, Value x) {
  const Shape sample = x.shape().without_first();
  const bool is_clear = std::ranges::count(layer.target_shape, 0) == 0 && !layer.target_shape.empty() &&
                        std::ranges::count(layer.target_shape, -1) <= 1 &&
                        std::ssize(layer.target_shape) < Shape::kMaxRank;
  std::vector<std::int64_t> sizes =
      is_clear ? completed(layer.target_shape, sample.size()) : std::vector<std::int64_t>{0};
  if (Shape(sizes).size() != sample.size())
    throw Error{{.where = "\"target_shape\"",
                 .expected = "sizes whose product is " + std::to_string(sample.size()) +
                             ", the number of elements of " + to_string_batched(sample) + "; one may be -1",
                 .received = to_string(field_value(layer.target_shape))}};
  sizes.insert(sizes.begin(), x.shape()[0]);
  return builder.emit(ops::Reshape(Shape(sizes)), {x}, "reshaped");
}

void ChannelShuffle::describe(Fields<ChannelShuffle>& fields) {
  fields.about("The channels of several groups in turns. Input and output [N, ..., C].");
  fields.add("groups", &ChannelShuffle::groups, "number of groups of neighbouring channels", kAtLeastOne);
}

LayerTraits traits(const ChannelShuffle& layer) {
  return {.identity_in_evaluation = layer.groups == 1,
          .per_channel = layer.groups == 1,
          .axes = layer.groups == 1 ? AxisOrder::kept : AxisOrder::permuted};
}

Value build(const ChannelShuffle& layer, LayerBuilder& builder, Value x) {
  const Shape shape = x.shape();
  if (shape.rank() < 2 || shape.back() % layer.groups != 0)
    throw Error{{.where = "\"groups\"",
                 .expected = "a divisor of the channels of " + to_string_batched(shape.without_first()),
                 .received = std::to_string(layer.groups)}};
  const std::int64_t channels = shape.back();
  const Value groups =
      builder.emit(ops::Reshape({shape.size() / channels, layer.groups, channels / layer.groups}), {x}, "groups");
  return builder.emit(ops::Reshape(shape), {builder.emit(ops::Permute({0, 2, 1}), {groups}, "turns")}, "shuffled");
}

}  // namespace evenkeel
