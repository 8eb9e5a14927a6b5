#include "evenkeel/nn/layers/preprocessing.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/program/ops/elementwise.h"
#include "evenkeel/program/ops/fill.h"
#include "evenkeel/program/ops/scale_shift.h"

namespace evenkeel {
namespace {

constexpr double kLeastDeviation = 1e-7;  // Keras's epsilon

/// Throws Error unless there is one number, or one for each channel.
void require_for_channels(const std::string& field, const std::vector<double>& values, std::int64_t channels) {
  if (values.size() == 1 || std::ssize(values) == channels) return;
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
  return {
      .identity_in_evaluation = all(layer.mean, 0) && all(layer.variance, 1), .per_channel = true, .rescales = true};
}

Value build(const FixedNormalization& layer, LayerBuilder& builder, Value x) {
  require_for_channels("mean", layer.mean, x.shape().back());
  require_for_channels("variance", layer.variance, x.shape().back());
  std::vector<double> scale(std::max(layer.mean.size(), layer.variance.size())), shift(scale.size());
  const auto of = [](const std::vector<double>& values, std::size_t c) { return values[values.size() == 1 ? 0 : c]; };
  for (std::size_t c = 0; c < scale.size(); ++c) {
    scale[c] = 1 / std::max(std::sqrt(of(layer.variance, c)), kLeastDeviation);
    shift[c] = -of(layer.mean, c) * scale[c];
  }
  if (scale.size() == 1)
    return builder.emit(ops::ScaleOffset(scale[0], shift[0], builder.activation_type()), {x}, "normalized");
  const DType real = precise(x.type().dtype);
  const Value by = builder.emit(ops::Constant(scale, real), {}, "scale");
  const Value plus = builder.emit(ops::Constant(shift, real), {}, "shift");
  return ops::cast(builder.emit(ops::ScaleShift(), {x, by, plus}, "normalized"), builder.activation_type());
}

}  // namespace evenkeel
