#include "evenkeel/nn/layers/preprocessing.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/fill.h"
#include "evenkeel/program/ops/scale_shift.h"

namespace evenkeel {
namespace {

constexpr double kLeastDeviation = 1e-7;  // Keras's epsilon

/// One number for each channel.
std::vector<double> for_channels(const std::string& field, const std::vector<double>& values, std::int64_t channels) {
  if (values.size() == 1) return std::vector<double>(static_cast<std::size_t>(channels), values[0]);
  if (std::ssize(values) == channels) return values;
  throw Error{{.where = '"' + field + '"',
               .expected = "one number, or " + std::to_string(channels) + ", one for each channel",
               .received = std::to_string(values.size())}};
}

}  // namespace

void FixedNormalization::describe(Fields<FixedNormalization>& fields) {
  fields.about("y = (x - mean) / sqrt(variance) per channel: preprocessing inside the model. Input [N, ..., C].");
  fields.add("mean", &FixedNormalization::mean, "mean of each channel, or one number for all")
      .add("variance", &FixedNormalization::variance, "variance of each channel, or one number for all", kNotNegative);
}

LayerTraits traits(const FixedNormalization& layer) {
  const auto all = [](const std::vector<double>& values, double value) {
    return std::ranges::all_of(values, [&](double v) { return v == value; });
  };
  return {.identity_in_evaluation = all(layer.mean, 0) && all(layer.variance, 1), .per_channel = true, .rescales = true};
}

Value build(const FixedNormalization& layer, LayerBuilder& builder, Value x) {
  const std::int64_t channels = x.shape().back();
  const std::vector<double> mean = for_channels("mean", layer.mean, channels);
  std::vector<double> scale = for_channels("variance", layer.variance, channels), shift = mean;
  for (std::size_t c = 0; c < scale.size(); ++c) {
    scale[c] = 1 / std::max(std::sqrt(scale[c]), kLeastDeviation);
    shift[c] = -mean[c] * scale[c];
  }
  const DType real = precise(x.type().dtype);
  const Value by = builder.emit(ops::Constant(scale, real), {}, "scale");
  const Value plus = builder.emit(ops::Constant(shift, real), {}, "shift");
  return ops::cast(builder.emit(ops::ScaleShift(), {x, by, plus}, "normalized"), builder.activation_type());
}

}  // namespace evenkeel
