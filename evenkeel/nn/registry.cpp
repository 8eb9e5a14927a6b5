#include "evenkeel/nn/registry.h"

#include "evenkeel/base/text.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel {
namespace {

template <LayerOptions T>
LayerType::FieldInfo field_info(const typename Fields<T>::Field& field) {
  LayerType::FieldInfo info{.name = field.name,
                            .help = field.help,
                            .kind = field.kind,
                            .range = field.range,
                            .choices = field.choices,
                            .default_value = field.get(T{}),
                            .check = {}};
  info.check = [&field](const FieldValue& value) {
    T scratch;
    field.set(scratch, value);
  };
  try {
    info.check(info.default_value);
  } catch (const Error&) {
    info.required = true;
  }
  return info;
}

template <LayerOptions T>
LayerType entry() {
  LayerType type{.type = std::string(T::kType), .about = fields_of<T>().about(), .fields = {}, .make = {}};
  for (const auto& field : fields_of<T>().all()) type.fields.push_back(field_info<T>(field));
  type.make = [](const std::string& name, const std::vector<std::pair<std::string, FieldValue>>& fields) {
    T options;
    options.name = name;
    for (const auto& [key, value] : fields) fields_of<T>().find(key)->set(options, value);
    return Layer(options);
  };
  return type;
}

}  // namespace

const std::vector<LayerType>& layer_types() {
  static const std::vector<LayerType> types = {
      entry<Input>(),
      entry<Conv2D>(),
      entry<Conv1D>(),
      entry<DepthwiseConv2D>(),
      entry<SeparableConv2D>(),
      entry<Conv2DTranspose>(),
      entry<Dense>(),
      entry<BatchNormalization>(),
      entry<BatchNormalizationFromParts>(),
      entry<BatchRenormalization>(),
      entry<LayerNormalization>(),
      entry<GroupNormalization>(),
      entry<InstanceNormalization>(),
      entry<RMSNormalization>(),
      entry<Affine>(),
      entry<LayerScale>(),
      entry<Activation>(),
      entry<PReLU>(),
      entry<MaxPooling2D>(),
      entry<AveragePooling2D>(),
      entry<GlobalAveragePooling2D>(),
      entry<GlobalMaxPooling2D>(),
      entry<AdaptiveAveragePooling2D>(),
      entry<ZeroPadding2D>(),
      entry<Padding2D>(),
      entry<Cropping2D>(),
      entry<UpSampling2D>(),
      entry<Resizing>(),
      entry<Dropout>(),
      entry<SpatialDropout2D>(),
      entry<StochasticDepth>(),
      entry<GaussianDropout>(),
      entry<AlphaDropout>(),
      entry<Uout>(),
      entry<Flatten>(),
      entry<Permute>(),
      entry<Reshape>(),
      entry<ChannelShuffle>(),
      entry<Rescaling>(),
      entry<FixedNormalization>(),
      entry<Add>(),
      entry<Multiply>(),
      entry<Subtract>(),
      entry<Average>(),
      entry<Maximum>(),
      entry<Minimum>(),
      entry<Concatenate>(),
      entry<SliceChannels>(),
  };
  return types;
}

const LayerType* find_layer_type(std::string_view type) {
  for (const LayerType& known : layer_types())
    if (same_name(known.type, type)) return &known;
  return nullptr;
}

}  // namespace evenkeel
