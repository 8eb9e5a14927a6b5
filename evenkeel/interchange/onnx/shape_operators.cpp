#include <algorithm>

#include "evenkeel/formats/onnx/model.h"
#include "evenkeel/interchange/onnx/operator_parts.h"
#include "evenkeel/nn/layers.h"

// Most of these compute nothing: they change how a value is seen (view.h).

namespace evenkeel::interchange::onnx {
namespace {

/// A sample's shape of an output. Throws Error of kind unsupported if samples are mixed.
Sizes sample_of(Converter& converter, const Node& node) {
  const Sizes* shape = converter.graph().shape(node.output());
  if (!shape) unsupported(node, "a shape that depends on the inputs of the network");
  if (shape->empty() || shape->front() != kBatch) unsupported(node, "samples mixed: its output is " + to_text(*shape));
  return {shape->begin() + 1, shape->end()};
}

/// The same elements in the file's order in another shape.
View seen_as(Converter& converter, const Node& node, const View& view, const Sizes& foreign) {
  std::optional<View> result = reshaped(view, foreign);
  if (!result) {
    const View plain = converter.ordered(node, view, in_order(view.foreign.size()));
    result = view_of_layer(plain.layer, foreign);
    result->ours = plain.ours;
  }
  result->pending = &node;
  return *result;
}

void reshape(Converter& converter, const Node& node) {
  converter.set(node.output(), seen_as(converter, node, converter.view(node), sample_of(converter, node)));
}

void transpose(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  const Sizes perm = node.integers("perm");
  const int rank = static_cast<int>(view.foreign.size()) + 1;
  if (perm.empty() ? rank > 1 : axis_of(perm[0], rank, node) != 0) unsupported(node, "the batch in another place");
  std::vector<int> order;
  for (std::size_t i = 1; i < perm.size(); ++i) order.push_back(axis_of(perm[i], rank, node) - 1);
  View result = transposed(view, order);
  result.pending = &node;
  converter.set(node.output(), result);
}

void same(Converter& converter, const Node& node) { converter.set(node.output(), converter.view(node)); }

void cast(Converter& converter, const Node& node) {
  const std::int64_t to = node.integer("to", 1);
  if (!node.is("CastLike") && to != 1 && to != 10 && to != 11 && to != 16)
    unsupported(node, "numbers that become " + evenkeel::formats::onnx_type_name(static_cast<int>(to)));
  same(converter, node);
}

void expand(Converter& converter, const Node& node) {
  const View view = converter.view(node);
  const Sizes sample = sample_of(converter, node);
  if (count_of(sample) != count_of(view.foreign)) unsupported(node, "elements that are repeated");
  reshape(converter, node);
}

void concatenate(Converter& converter, const Node& node) {
  std::vector<View> views;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) views.push_back(converter.view(node, i));
  const Sizes foreign = sample_of(converter, node);
  const int axis = axis_of(node.integer("axis", 0), static_cast<int>(foreign.size()) + 1, node) - 1;
  if (axis < 0) unsupported(node, "samples joined with samples");
  if (views.size() == 1) return converter.set(node.output(), views[0]);
  std::vector<int> order;
  for (int i = 0; i < static_cast<int>(foreign.size()); ++i)
    if (i != axis) order.push_back(i);
  order.push_back(axis);
  std::vector<std::string> layers;
  for (const View& view : views) layers.push_back(converter.ordered(node, view, order).layer);
  converter.set(node.output(), view_of_layer(converter.add(node, Concatenate{}, layers), foreign, order));
}

void channel_shuffle(Converter& converter, const Node& node) {
  const View x = converter.channels_last(node, converter.view(node));
  const ChannelShuffle layer{.groups = node.integer("groups", 1)};
  converter.set(node.output(), same_place(x, converter.add(node, layer, {x.layer})));
}

/// Seen in a finer shape, its axes in another order, and that seen as `foreign`.
void rearrange(Converter& converter, const Node& node, const Sizes& fine, const std::vector<int>& order) {
  const View split = seen_as(converter, node, converter.view(node), fine);
  converter.set(node.output(), seen_as(converter, node, transposed(split, order), sample_of(converter, node)));
}

void depth_to_space(Converter& converter, const Node& node) {
  const Sizes in = converter.view(node).foreign;
  const std::int64_t block = node.integer("blocksize", 1), channels = in[0] / (block * block);
  if (channels * block * block != in[0]) refuse(node, "channels that the blocks divide", to_text(in));
  if (node.text("mode", "DCR") == "CRD")
    return rearrange(converter, node, {channels, block, block, in[1], in[2]}, {0, 3, 1, 4, 2});
  rearrange(converter, node, {block, block, channels, in[1], in[2]}, {2, 3, 0, 4, 1});
}

void space_to_depth(Converter& converter, const Node& node) {
  const Sizes in = converter.view(node).foreign;
  const std::int64_t block = node.integer("blocksize", 1);
  if (in[1] % block != 0 || in[2] % block != 0) refuse(node, "an image that the blocks divide", to_text(in));
  rearrange(converter, node, {in[0], in[1] / block, block, in[2] / block, block}, {2, 4, 0, 1, 3});
}

}  // namespace

void add_shape_operators(Operators& all) {
  all["Flatten"] = all["Reshape"] = all["Squeeze"] = all["Unsqueeze"] = reshape;
  all["Transpose"] = transpose;
  all["Identity"] = same;
  all["Cast"] = all["CastLike"] = cast;
  all["Expand"] = expand;
  all["Concat"] = concatenate;
  all["evenkeel.ChannelShuffle"] = channel_shuffle;
  all["DepthToSpace"] = depth_to_space;
  all["SpaceToDepth"] = space_to_depth;
}

}  // namespace evenkeel::interchange::onnx
