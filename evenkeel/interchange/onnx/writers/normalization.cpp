#include <algorithm>
#include <numeric>

#include "evenkeel/base/error.h"
#include "evenkeel/interchange/onnx/layer_writer.h"

namespace evenkeel::interchange {
namespace {

using Orders = std::vector<std::int64_t>;

/// How a batch normalization is written.
struct BatchNormOptions {
  double epsilon = 0, momentum = 0;
  std::string gamma, beta;  ///< our tensors; empty: 1 and 0
  bool has_moving = true;   ///< else evaluation uses the batch's statistics too
  bool by_batch = false;    ///< training_mode
};

/// The node for an `x` whose channels are its axis 1, or its only one.
GraphValue batch_norm(LayerSite& site, const GraphValue& x, std::int64_t channels, const BatchNormOptions& options) {
  const auto vector = [&](const std::string& ours, const char* foreign, double otherwise) {
    if (!ours.empty()) return site.graph.tensor(ours, foreign, channels_of_value(x, channels, false));
    return site.graph.numbers(foreign, {channels}, std::vector<double>(static_cast<std::size_t>(channels), otherwise));
  };
  const std::string gamma = vector(options.gamma, "weight", 1), beta = vector(options.beta, "bias", 0);
  const std::string mean = vector(options.has_moving ? "moving_mean" : "", "running_mean", 0);
  const std::string variance = vector(options.has_moving ? "moving_variance" : "", "running_var", 1);
  NodeMaker node = site.graph.node("BatchNormalization", {x.name, gamma, beta, mean, variance});
  node.with_real("epsilon", options.epsilon);
  node.with_real("momentum", options.momentum);
  if (options.by_batch) {
    node.with("training_mode", 1);
    node.and_output(site.graph.name_of("running_mean")).and_output(site.graph.name_of("running_var"));
  }
  return LayerSite::like(x, node.output());
}

/// Along another axis than that of the channels: it becomes axis 1, and goes back afterwards.
GraphValue along_axis(LayerSite& site, int axis, const BatchNormOptions& options) {
  GraphValue x = site.x_in(Layout::ours);
  const std::int64_t channels = x.ours[axis - 1];
  Orders order(static_cast<std::size_t>(x.rank())), back(order.size());
  std::iota(order.begin(), order.end(), 0);
  std::rotate(order.begin() + 1, order.begin() + axis, order.begin() + axis + 1);
  for (std::size_t i = 0; i < order.size(); ++i)
    back[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i);
  if (axis == 1) return batch_norm(site, x, channels, options);
  x.name = site.graph.node("Transpose", {x.name}, "axis_first").with("perm", order).output();
  const GraphValue y = batch_norm(site, x, channels, options);
  return LayerSite::like(y, site.graph.node("Transpose", {y.name}, "axis_back").with("perm", back).output());
}

GraphValue along_channels(LayerSite& site, const BatchNormOptions& options) {
  const bool is_row = site.x().ours.rank() < 2;
  const GraphValue x = is_row ? site.x() : site.x_in(Layout::channels_first);
  return batch_norm(site, x, x.ours.back(), options);
}

void note_losses(LayerSite& site, const BatchNormalization& layer) {
  if (!site.training || layer.frozen_statistics) return;
  if (layer.unbiased_moving_variance)
    site.note("ONNX's moving variance follows the biased variance of the batch, not the unbiased one");
  if (layer.cumulative_average) site.note("ONNX has no mean of all batches; moving averages are written");
  if (layer.virtual_batch_size > 0)
    site.note("ONNX has no virtual batches; the statistics are those of the whole batch");
}

}  // namespace

GraphValue write_layer(LayerSite& site, const BatchNormalization& layer) {
  note_losses(site, layer);
  const BatchNormOptions options{.epsilon = layer.epsilon,
                                 .momentum = layer.momentum,
                                 .gamma = layer.scale ? "gamma" : "",
                                 .beta = layer.center ? "beta" : "",
                                 .has_moving = layer.moving_statistics,
                                 .by_batch = (site.training && !layer.frozen_statistics) || !layer.moving_statistics};
  const int rank = site.x().rank();
  const auto axis = static_cast<int>(layer.axis < 0 ? layer.axis + rank : layer.axis);
  return axis == rank - 1 ? along_channels(site, options) : along_axis(site, axis, options);
}

GraphValue write_layer(LayerSite& site, const BatchNormalizationFromParts& layer) {
  return along_channels(site, {.epsilon = layer.epsilon,
                               .momentum = layer.momentum,
                               .gamma = "gamma",
                               .beta = "beta",
                               .by_batch = site.training});
}

GraphValue write_layer(LayerSite& site, const BatchRenormalization& layer) {
  if (site.training) site.note("ONNX has no batch renormalization; written as in evaluation");
  return along_channels(site, {.epsilon = layer.epsilon,
                               .momentum = layer.momentum,
                               .gamma = layer.scale ? "gamma" : "",
                               .beta = layer.center ? "beta" : ""});
}

GraphValue write_layer(LayerSite& site, const LayerNormalization& layer) {
  const GraphValue x = site.x().ours.rank() < 2 ? site.x() : site.x_in(Layout::ours);
  std::vector<std::string> inputs = {x.name, channel_vector(site, x, layer.scale ? "gamma" : "", "weight", 1)};
  if (layer.center) inputs.push_back(channel_vector(site, x, "beta", "bias", 0));
  NodeMaker node = site.graph.node("LayerNormalization", inputs);
  node.with("axis", -1).with_real("epsilon", layer.epsilon);
  return LayerSite::like(x, node.output());
}

GraphValue write_layer(LayerSite& site, const RMSNormalization& layer) {
  const GraphValue& x = site.x();
  const std::vector<std::int64_t> axes = {x.channel_axis()};
  const std::string squares = site.graph.node("Mul", {x.name, x.name}, "squares").output();
  const std::string mean = site.graph.node("ReduceMean", {squares}, "mean").with("axes", axes).output();
  const std::string epsilon = site.graph.numbers("epsilon", Shape(), {layer.epsilon});
  const std::string root =
      site.graph.node("Sqrt", {site.graph.node("Add", {mean, epsilon}, "shifted").output()}, "root").output();
  const GraphValue y =
      LayerSite::like(x, site.graph.node("Div", {x.name, root}, layer.scale ? "normalized" : "").output());
  return write_scale_shift(site, y, layer.scale ? "scale" : "", "", "");
}

namespace {

/// Each group of channels as one channel of an instance normalization, as PyTorch's exporter writes it.
GraphValue by_groups(LayerSite& site, const GraphValue& x, std::int64_t groups, double epsilon) {
  const auto all = [&](double value) { return std::vector<double>(static_cast<std::size_t>(groups), value); };
  const std::string grouped = site.graph.reshape(x.name, {groups, x.ours.size() / groups}, "groups").output();
  NodeMaker node = site.graph.node(
      "InstanceNormalization",
      {grouped, site.graph.numbers("ones", {groups}, all(1)), site.graph.numbers("zeros", {groups}, all(0))},
      "normalized");
  node.with_real("epsilon", epsilon);
  return LayerSite::like(x, site.graph.reshape(node.output(), x.sample(), "ungrouped").output());
}

}  // namespace

GraphValue write_layer(LayerSite& site, const GroupNormalization& layer) {
  const GraphValue x = site.x().ours.rank() < 2 ? site.x_in(Layout::ours) : site.x_in(Layout::channels_first);
  const std::int64_t groups = layer.groups == -1 ? x.ours.back() : layer.groups;
  const GraphValue y = by_groups(site, x, groups, layer.epsilon);
  return write_scale_shift(site, y, layer.scale ? "gamma" : "", layer.center ? "beta" : "", "");
}

GraphValue write_layer(LayerSite& site, const InstanceNormalization& layer) {
  const GraphValue x = site.x_in(Layout::channels_first);
  NodeMaker node = site.graph.node("InstanceNormalization",
                                   {x.name, channel_vector(site, x, layer.scale ? "gamma" : "", "weight", 1),
                                    channel_vector(site, x, layer.center ? "beta" : "", "bias", 0)});
  node.with_real("epsilon", layer.epsilon);
  return LayerSite::like(x, node.output());
}

GraphValue write_layer(LayerSite& site, const Affine&) {
  return write_scale_shift(site, site.x(), "gamma", "beta", "");
}

GraphValue write_layer(LayerSite& site, const LayerScale&) {
  return write_scale_shift(site, site.x(), "gamma", "", "");
}

namespace {

/// y = x * scale + shift with the same numbers for all samples: one for all channels, or one for each.
GraphValue rescaled(LayerSite& site, const std::vector<double>& scale, const std::vector<double>& shift) {
  GraphValue y = site.x();
  const bool is_one = scale.size() == 1;
  if (!is_one) y = site.graph.in(y, y.ours.rank() < 2 ? Layout::ours : y.layout);
  const Shape shape = is_one ? Shape() : channels_of_value(y, y.ours.back(), true).foreign_shape;
  const auto is_all = [](const std::vector<double>& values, double value) {
    return std::ranges::all_of(values, [&](double v) { return v == value; });
  };
  const bool shifts = !is_all(shift, 0);
  if (!is_all(scale, 1))
    y.name =
        site.graph.node("Mul", {y.name, site.graph.numbers("scale", shape, scale)}, shifts ? "scaled" : "").output();
  if (shifts) y.name = site.graph.node("Add", {y.name, site.graph.numbers("offset", shape, shift)}).output();
  return y;
}

}  // namespace

GraphValue write_layer(LayerSite& site, const Rescaling& layer) {
  return rescaled(site, {layer.scale}, {layer.offset});
}

GraphValue write_layer(LayerSite& site, const FixedNormalization& layer) {
  const auto of = [](const std::vector<double>& values, std::size_t c) { return values[values.size() == 1 ? 0 : c]; };
  std::vector<double> scale(std::max(layer.mean.size(), layer.variance.size())), shift(scale.size());
  for (std::size_t c = 0; c < scale.size(); ++c) {
    scale[c] = 1 / std::max(std::sqrt(of(layer.variance, c)), 1e-7);  // Keras's epsilon, as the layer has it
    shift[c] = -of(layer.mean, c) * scale[c];
  }
  return rescaled(site, scale, shift);
}

}  // namespace evenkeel::interchange
