#include "evenkeel/interchange/onnx/layer_writer.h"

#include <algorithm>
#include <map>

namespace evenkeel::interchange {
namespace {

using Table = std::map<std::string, LayerWriter, std::less<>>;

/// The writer of the layers with these options.
template <class T>
Table::value_type writer_of() {
  return {std::string(T::kType), [](LayerSite& site) { return write_layer(site, *site.layer.as<T>()); }};
}

template <class T>
Table::value_type passes_on() {
  return {std::string(T::kType), write_identity};
}

template <class T>
Table::value_type merges() {
  return {std::string(T::kType), write_merge};
}

Table all_writers() {
  return {writer_of<Conv2D>(),
          writer_of<Conv1D>(),
          writer_of<DepthwiseConv2D>(),
          writer_of<SeparableConv2D>(),
          writer_of<Conv2DTranspose>(),
          writer_of<Dense>(),
          writer_of<BatchNormalization>(),
          writer_of<BatchNormalizationFromParts>(),
          writer_of<BatchRenormalization>(),
          writer_of<LayerNormalization>(),
          writer_of<GroupNormalization>(),
          writer_of<InstanceNormalization>(),
          writer_of<RMSNormalization>(),
          writer_of<Affine>(),
          writer_of<LayerScale>(),
          writer_of<PReLU>(),
          writer_of<Activation>(),
          writer_of<Rescaling>(),
          writer_of<FixedNormalization>(),
          writer_of<MaxPooling2D>(),
          writer_of<AveragePooling2D>(),
          writer_of<GlobalAveragePooling2D>(),
          writer_of<GlobalMaxPooling2D>(),
          writer_of<AdaptiveAveragePooling2D>(),
          writer_of<ZeroPadding2D>(),
          writer_of<Padding2D>(),
          writer_of<Cropping2D>(),
          writer_of<UpSampling2D>(),
          writer_of<Resizing>(),
          writer_of<Flatten>(),
          writer_of<Permute>(),
          writer_of<Reshape>(),
          writer_of<ChannelShuffle>(),
          writer_of<SliceChannels>(),
          writer_of<Dropout>(),
          passes_on<Input>(),
          passes_on<SpatialDropout2D>(),
          passes_on<StochasticDepth>(),
          passes_on<GaussianDropout>(),
          passes_on<AlphaDropout>(),
          passes_on<Uout>(),
          merges<Add>(),
          merges<Multiply>(),
          merges<Subtract>(),
          merges<Average>(),
          merges<Maximum>(),
          merges<Minimum>(),
          merges<Concatenate>()};
}

}  // namespace

const LayerWriter* onnx_writer(std::string_view type) {
  static const Table table = all_writers();
  const auto found = table.find(type);
  return found == table.end() ? nullptr : &found->second;
}

TensorRecord channels_of_value(const GraphValue& x, std::int64_t channels, bool repeated) {
  TensorRecord to{.name = {}, .foreign = {}, .foreign_shape = {channels}, .seen_as = {}, .axes = {}};
  if (x.layout == Layout::flattened) {
    to.seen_as = channels_first(x.images);
    to.axes.resize(static_cast<std::size_t>(to.seen_as.rank()));
    for (std::size_t i = 0; i < to.axes.size(); ++i) to.axes[i] = static_cast<int>((i + 1) % to.axes.size());
  }
  if (repeated && x.layout == Layout::channels_first) {
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(std::max(x.ours.rank(), 1)), 1);
    sizes.front() = channels;
    to.foreign_shape = Shape(sizes);
  }
  return to;
}

std::string channel_vector(LayerSite& site, const GraphValue& x, const std::string& ours, const std::string& foreign,
                           double otherwise) {
  const std::int64_t channels = x.ours.back();
  if (!ours.empty()) return site.graph.tensor(ours, foreign, channels_of_value(x, channels, false));
  return site.graph.numbers(foreign, {channels}, std::vector<double>(static_cast<std::size_t>(channels), otherwise));
}

GraphValue write_scale_shift(LayerSite& site, const GraphValue& x, const std::string& scale, const std::string& shift,
                             const std::string& suffix) {
  GraphValue y = x;
  const std::int64_t channels = x.ours.back();
  const auto part = [&](const char* name) { return suffix.empty() ? std::string(name) : suffix + '_' + name; };
  if (!scale.empty()) {
    const std::string by = site.graph.tensor(scale, "weight", channels_of_value(x, channels, true));
    y.name = site.graph.node("Mul", {y.name, by}, shift.empty() ? suffix : part("scaled")).output();
  }
  if (!shift.empty()) {
    const std::string by = site.graph.tensor(shift, "bias", channels_of_value(x, channels, true));
    y.name = site.graph.node("Add", {y.name, by}, suffix).output();
  }
  return y;
}

}  // namespace evenkeel::interchange
