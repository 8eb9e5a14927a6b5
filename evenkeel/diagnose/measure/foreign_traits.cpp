#include "evenkeel/diagnose/measure/foreign_traits.h"

namespace evenkeel {
namespace {

LinearTraits linear_of(const ObjectReader& reader, const Shape& output) {
  LinearTraits linear{.outputs = reader.whole("outputs", output.back(), 1, std::int64_t{1} << 40),
                      .groups = reader.whole("groups", 1, -1, 1 << 24),
                      .transposed = reader.flag("transposed", false)};
  if (linear.groups == 0) reader.fail("groups", "a number of groups, or -1", *reader.find("groups"));
  if (!reader.find("window")) return linear;
  const ObjectReader window = reader.object("window");
  // [N, L, C] has a window of height 1.
  linear.window_axes = output.rank() == 2 ? 1 : 2;
  const auto size = [&](const char* key, std::int64_t least) {
    const std::vector<std::int64_t> sizes = window.wholes(key, least, 1 << 20);
    const std::int64_t last = sizes.empty() ? 1 : sizes.back();
    return Size2D(linear.window_axes == 1 ? 1 : sizes.empty() ? 1 : sizes.front(), last);
  };
  linear.window =
      ops::WindowOptions{.kernel = size("size", 1), .strides = size("strides", 1), .dilation = size("dilation", 1)};
  const std::vector<std::int64_t> padding = window.wholes("padding", 0, 1 << 20);
  if (padding.size() == 4)
    linear.window->padding = Padding(padding[0], padding[1], padding[2], padding[3]);
  else if (!padding.empty())
    linear.window->padding = Padding(linear.window_axes == 1 ? 0 : padding.front(), padding.back());
  return linear;
}

NormalizationTraits normalization_of(const ObjectReader& reader, const Shape& output) {
  using Over = NormalizationTraits::Over;
  NormalizationTraits n{
      .over = reader.choice<Over>(
          "over", {{"batch", Over::batch}, {"group", Over::group}, {"position", Over::position}}, Over::batch),
      .epsilon = reader.number("epsilon", 0),
      .groups = reader.whole("groups", 1, -1, 1 << 24),
      .centered = reader.flag("centered", true)};
  if (n.groups == 0) reader.fail("groups", "a number of groups, or -1", *reader.find("groups"));
  if (reader.find("axis")) {
    n.axis = reader.whole("axis", -1, -output.rank(), output.rank());
    if (*n.axis == 0) reader.fail("axis", "an axis of a sample, counted from 1 or from the end", *reader.find("axis"));
  }
  if (!reader.find("moving")) return n;
  const ObjectReader moving = reader.object("moving");
  n.moving = MovingTraits{.momentum = moving.number("momentum", 0),
                          .unbiased = moving.flag("unbiased", false),
                          .frozen = moving.flag("frozen", false)};
  return n;
}

NoiseTraits noise_of(const ObjectReader& reader) {
  using Per = NoiseTraits::Per;
  NoiseTraits noise{
      .per = reader.choice<Per>(
          "per", {{"element", Per::element}, {"channel", Per::channel}, {"sample", Per::sample}, {"other", Per::other}},
          Per::element)};
  if (reader.find("rate")) {
    const double rate = reader.number("rate", 0);
    if (!(rate >= 0 && rate < 1)) reader.fail("rate", "a number in [0, 1)", *reader.find("rate"));
    noise.rate = rate;
    noise.factor_variance = rate / (1 - rate);
  }
  noise.factor_variance = reader.number("factor_variance", noise.factor_variance);
  noise.factor_mean = reader.number("factor_mean", 1);
  noise.offset_variance = reader.number("offset_variance", 0);
  noise.covariance = reader.number("covariance", 0);
  return noise;
}

}  // namespace

LayerTraits foreign_traits(const ObjectReader& reader, const Shape& output) {
  LayerTraits traits{
      .identity_in_evaluation = reader.flag("identity_in_evaluation", false),
      .per_channel = reader.flag("per_channel", false),
      .rescales = reader.flag("rescales", false),
      .is_input = reader.flag("is_input", false),
      .merge = reader.choice<Merge>("merge",
                                    {{"sum", Merge::sum},
                                     {"product", Merge::product},
                                     {"difference", Merge::difference},
                                     {"mean", Merge::mean},
                                     {"maximum", Merge::maximum},
                                     {"minimum", Merge::minimum},
                                     {"concatenation", Merge::concatenation}},
                                    Merge::none),
      .pooling = reader.choice<PoolingKind>("pooling", {{"maximum", PoolingKind::maximum}, {"mean", PoolingKind::mean}},
                                            PoolingKind::none),
      .axes = reader.choice<AxisOrder>("axes",
                                       {{"kept", AxisOrder::kept},
                                        {"flattened", AxisOrder::flattened},
                                        {"reshaped", AxisOrder::reshaped},
                                        {"permuted", AxisOrder::permuted}},
                                       AxisOrder::kept)};
  if (reader.find("linear")) traits.linear = linear_of(reader.object("linear"), output);
  if (reader.find("normalization")) traits.normalization = normalization_of(reader.object("normalization"), output);
  if (reader.find("noise")) traits.noise = noise_of(reader.object("noise"));
  if (const std::string name = reader.text("activation"); !name.empty() && name != "linear")
    if (!convert(FieldValue(name), traits.activation))
      reader.fail("activation", "an activation, such as relu or clip(0, 6)", *reader.find("activation"));
  return traits;
}

}  // namespace evenkeel
