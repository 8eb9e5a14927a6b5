#include <algorithm>

#include "evenkeel/interchange/onnx/operator_parts.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange::onnx {
namespace {

/// Adds a tensor over the axis of a view; one number is repeated. False if the node has no such input.
bool add_vector(Converter& converter, const Node& node, std::size_t i, const View& x, int axis,
                const std::string& tensor, std::vector<Weight>& weights) {
  const std::string& constant = node.input(i);
  if (constant.empty()) return false;
  if (!converter.graph().constant(constant)) unsupported(node, "weights that depend on the inputs of the network");
  const std::int64_t size = x.foreign[static_cast<std::size_t>(axis)];
  if (converter.graph().constant(constant)->shape().size() == size) {
    weights.push_back(vector_weight(x, axis, tensor, constant));
    return true;
  }
  const auto number = converter.graph().scalar(constant);
  if (!number) unsupported(node, "weights of shape " + to_string(converter.graph().constant(constant)->shape()));
  weights.push_back({.tensor = tensor, .ours = Shape{size}, .computed = repeated_number(node, size, *number)});
  return true;
}

/// How often PyTorch has updated the moving statistics of a module, if the file has that number.
std::int64_t updates_of(Converter& converter, const Node& node) {
  for (const std::string& input : node.inputs) {
    const std::string module = Names::module_of(input);
    if (module.empty()) continue;
    const auto count = converter.graph().scalar(module + ".num_batches_tracked");
    if (count && *count >= 0 && *count < 9e15) return static_cast<std::int64_t>(*count);
  }
  return -1;
}

void batch_normalization(Converter& converter, const Node& node) {
  const View x = innermost(converter, node, converter.view(node), 0);
  if (node.inputs.size() < 5) refuse(node, "five inputs", std::to_string(node.inputs.size()));
  const bool functional = node.call.find("batch_norm_legit_functional") != std::string::npos;
  const bool training =
      node.integer("training_mode", 0) != 0 || functional || (converter.graph().opset < 14 && node.outputs.size() > 1);
  std::vector<Weight> weights;
  const bool scale = add_vector(converter, node, 1, x, 0, "gamma", weights);
  const bool center = add_vector(converter, node, 2, x, 0, "beta", weights);
  const bool mean = add_vector(converter, node, 3, x, 0, "moving_mean", weights);
  const bool variance = add_vector(converter, node, 4, x, 0, "moving_variance", weights);
  if (!mean || !variance) refuse(node, "a mean and a variance", "none");
  const std::string name =
      converter.add(node,
                    BatchNormalization{.momentum = node.number("momentum", 0.9),
                                       .epsilon = node.number("epsilon", 1e-5),
                                       .center = center,
                                       .scale = scale,
                                       .frozen_statistics = converter.is_training_form() && !training},
                    {x.layer}, std::move(weights));
  converter.record().layers.back().updates = updates_of(converter, node);
  converter.set(node.output(), same_place(x, name));
  for (std::size_t i = 1; i < node.outputs.size(); ++i)
    converter.set_state(node.output(i), name + (i % 2 == 1 ? "/moving_mean" : "/moving_variance"));
}

void instance_normalization(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  if (view.foreign.size() < 2) unsupported(node, "an input without positions");
  const View x = innermost(converter, node, view, 0);
  std::vector<Weight> weights;
  const bool scale = add_vector(converter, node, 1, x, 0, "gamma", weights);
  const bool center = add_vector(converter, node, 2, x, 0, "beta", weights);
  const View shaped = x.ours.size() > 1 ? x : converter.in_shape(node, x, {1, view.foreign[0]});
  const std::string name = converter.add(
      node, InstanceNormalization{.epsilon = node.number("epsilon", 1e-5), .center = center, .scale = scale},
      {shaped.layer}, std::move(weights));
  converter.set(node.output(), same_place(shaped, name));
}

/// Before opset 21 there is one scale and one shift for each group; ours has them for each channel.
void add_of_groups(Converter& converter, const Node& node, std::size_t i, std::int64_t channels,
                   const std::string& tensor, std::vector<Weight>& weights) {
  const Tensor groups = converter.numbers(node, node.input(i));
  Tensor all = repeated_number(node, channels, 0);
  const std::int64_t each = channels / groups.shape().size();
  for (std::int64_t c = 0; c < channels; ++c)
    all.as<float>()[static_cast<std::size_t>(c)] = groups.as<float>()[static_cast<std::size_t>(c / each)];
  weights.push_back({.tensor = tensor, .ours = Shape{channels}, .computed = std::move(all)});
}

void group_normalization(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  const std::int64_t channels = view.foreign[0], groups = node.integer("num_groups", 0);
  if (groups < 1 || channels % groups != 0)
    refuse(node, "groups that divide " + std::to_string(channels), std::to_string(groups));
  const View x = converter.channels_last(node, view);
  const bool by_group = node.domain.empty() && converter.graph().opset < 21 && groups != channels;
  std::vector<Weight> weights;
  bool given[2] = {false, false};
  for (const std::size_t i : {1u, 2u}) {
    const std::string tensor = i == 1 ? "gamma" : "beta";
    const Tensor* constant = converter.graph().constant(node.input(i));
    if (by_group && constant && constant->shape().size() == groups) {
      add_of_groups(converter, node, i, channels, tensor, weights);
      given[i - 1] = true;
    } else {
      given[i - 1] = add_vector(converter, node, i, x, 0, tensor, weights);
    }
  }
  const std::string name = converter.add(
      node,
      GroupNormalization{
          .groups = groups, .epsilon = node.number("epsilon", 1e-5), .center = given[1], .scale = given[0]},
      {x.layer}, std::move(weights));
  converter.set(node.output(), same_place(x, name));
}

/// The last `count` axes as one, innermost. All axes of a sample may lie in any order.
View last_as_one(Converter& converter, const Node& node, const View& view, std::size_t count) {
  const std::size_t lead = view.foreign.size() - count;
  Sizes merged(view.foreign.begin(), view.foreign.begin() + static_cast<std::ptrdiff_t>(lead));
  merged.push_back(count_of({view.foreign.begin() + static_cast<std::ptrdiff_t>(lead), view.foreign.end()}));
  const auto seen = reshaped(view, merged);  // axes that are merged always have common factors
  return innermost(converter, node, *seen, static_cast<int>(lead));
}

/// How many of the last axes a node of either domain normalizes.
std::size_t normalized_axes(const Node& node, const View& view) {
  const auto rank = std::ssize(view.foreign) + 1;
  std::int64_t count = node.is_own("LayerNormalization") ? node.integer("axes", 1) : 0;
  if (count == 0) count = rank - axis_of(node.integer("axis", -1), static_cast<int>(rank), node);
  if (count < 1 || count >= rank) unsupported(node, "a normalization over the batch");
  return static_cast<std::size_t>(count);
}

void layer_normalization(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  const View x = last_as_one(converter, node, view, normalized_axes(node, view));
  const int axis = static_cast<int>(x.foreign.size()) - 1;
  std::vector<Weight> weights;
  const bool scale = add_vector(converter, node, 1, x, axis, "gamma", weights);
  const bool center = add_vector(converter, node, 2, x, axis, "beta", weights);
  const std::string name =
      converter.add(node, LayerNormalization{.epsilon = node.number("epsilon", 1e-5), .center = center, .scale = scale},
                    {x.layer}, std::move(weights));
  converter.set(node.output(), *reshaped(same_place(x, name), view.foreign));
}

void rms_normalization(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  const View x = last_as_one(converter, node, view, normalized_axes(node, view));
  std::vector<Weight> weights;
  const bool scale = add_vector(converter, node, 1, x, static_cast<int>(x.foreign.size()) - 1, "scale", weights);
  const std::string name = converter.add(
      node, RMSNormalization{.epsilon = node.number("epsilon", 1e-5), .scale = scale}, {x.layer}, std::move(weights));
  converter.set(node.output(), *reshaped(same_place(x, name), view.foreign));
}

void dropout(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  const double rate = number_of(converter.graph(), node, "ratio", 1).value_or(0.5);
  if (!(rate >= 0 && rate < 1)) unsupported(node, "a ratio that is not from 0 to below 1");
  converter.set(node.output(), same_place(view, converter.add(node, Dropout{.rate = rate}, {view.layer})));
}

}  // namespace

void add_normalizations(Operators& all) {
  all["BatchNormalization"] = all["evenkeel.BatchNormalization"] = batch_normalization;
  all["InstanceNormalization"] = all["evenkeel.InstanceNormalization"] = instance_normalization;
  all["GroupNormalization"] = all["evenkeel.GroupNormalization"] = group_normalization;
  all["LayerNormalization"] = all["evenkeel.LayerNormalization"] = layer_normalization;
  all["RMSNormalization"] = all["evenkeel.RMSNormalization"] = rms_normalization;
  all["Dropout"] = dropout;
}

}  // namespace evenkeel::interchange::onnx
