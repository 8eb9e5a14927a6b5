#include "evenkeel/nn/layers/slicing.h"

#include <fmt/format.h>

#include "evenkeel/program/ops/concatenate.h"

namespace evenkeel {

void SliceChannels::describe(Fields<SliceChannels>& fields) {
  fields.about("Some of the input's channels, which are neighbours.");
  fields.add("begin", &SliceChannels::begin, "the first channel, counted from 0", kNotNegative)
      .add("count", &SliceChannels::count, "number of channels", kAtLeastOne);
}

LayerTraits traits(const SliceChannels&) { return {}; }

Value build(const SliceChannels& layer, LayerBuilder& builder, Value x) {
  const std::int64_t channels = x.shape().back();
  if (layer.begin > channels - layer.count)
    throw Error{{.expected = fmt::format("an input of at least {} channels", layer.begin + layer.count),
                 .received = std::to_string(channels)}};
  return builder.emit(ops::SliceChannels(layer.begin, layer.count), {x});
}

}  // namespace evenkeel
