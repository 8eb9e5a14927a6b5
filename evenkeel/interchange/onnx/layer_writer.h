#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "evenkeel/interchange/onnx/graph_builder.h"
#include "evenkeel/nn/layers.h"

namespace evenkeel::interchange {

/// A layer that is being written, in the place where it stands.
struct LayerSite {
  GraphBuilder& graph;
  const Layer& layer;
  std::vector<GraphValue> inputs;
  Shape output;  ///< of one sample, in our layout
  bool training = false;
  std::map<std::string, std::vector<std::string>>& notes;  ///< clauses, and the layers that each is about

  const GraphValue& x() const { return inputs.front(); }
  /// The only input in this layout.
  GraphValue x_in(Layout layout) const { return graph.in(inputs.front(), layout); }
  /// The layer's output, as its node computes it from an `x` in this layout.
  GraphValue value(const std::string& name, Layout layout) const {
    return {.name = name, .ours = output, .layout = layout};
  }
  /// The same shape and layout as x under another name.
  static GraphValue like(GraphValue x, const std::string& name) {
    x.name = name;
    return x;
  }
  /// "ONNX has no StochasticDepth; left out"
  void note(const std::string& clause) const { notes[clause].push_back('"' + layer.name() + '"'); }
};

/// Writes a layer's nodes and returns its output. Throws Error of kind unsupported if ONNX cannot express the layer.
using LayerWriter = std::function<GraphValue(LayerSite&)>;

/// nullptr for a type that ONNX cannot express.
const LayerWriter* onnx_writer(std::string_view type);

/// The nodes of an activation after `x`. `suffix` names them; empty: it is what the layer is for.
GraphValue write_activation(LayerSite& site, const ActivationFunction& f, const GraphValue& x,
                            const std::string& suffix);
/// Writes the layer's activation after its main node.
inline GraphValue activated(LayerSite& site, const ActivationFunction& f, const GraphValue& x) {
  return f == ActivationFunction::linear ? x : write_activation(site, f, x, evenkeel::name_of(f));
}

/// A tensor of ours in the graph: its shape there, and TensorRecord's order of axes.
inline TensorRecord placed(Shape foreign, std::vector<int> axes = {}, Shape seen_as = {}) {
  return {.name = {}, .foreign = {}, .foreign_shape = foreign, .seen_as = seen_as, .axes = std::move(axes)};
}

/// The place of a tensor [channels] of ours in the graph, in the order in which `x` has its channels: a vector, or with
/// axes of size 1 behind it so that it is repeated along those of x.
TensorRecord channels_of_value(const GraphValue& x, std::int64_t channels, bool repeated);
/// One of our tensors as such a vector, or where the layer does not have it (`ours` is empty) the number `otherwise`
/// for each channel.
std::string channel_vector(LayerSite& site, const GraphValue& x, const std::string& ours, const std::string& foreign,
                           double otherwise);
/// y = x * scale + shift with tensors [channels] of ours; either may be empty.
GraphValue write_scale_shift(LayerSite& site, const GraphValue& x, const std::string& scale, const std::string& shift,
                             const std::string& suffix);

GraphValue write_layer(LayerSite&, const Conv2D&);
GraphValue write_layer(LayerSite&, const Conv1D&);
GraphValue write_layer(LayerSite&, const DepthwiseConv2D&);
GraphValue write_layer(LayerSite&, const SeparableConv2D&);
GraphValue write_layer(LayerSite&, const Conv2DTranspose&);
GraphValue write_layer(LayerSite&, const Dense&);
GraphValue write_layer(LayerSite&, const BatchNormalization&);
GraphValue write_layer(LayerSite&, const BatchNormalizationFromParts&);
GraphValue write_layer(LayerSite&, const BatchRenormalization&);
GraphValue write_layer(LayerSite&, const LayerNormalization&);
GraphValue write_layer(LayerSite&, const GroupNormalization&);
GraphValue write_layer(LayerSite&, const InstanceNormalization&);
GraphValue write_layer(LayerSite&, const RMSNormalization&);
GraphValue write_layer(LayerSite&, const Affine&);
GraphValue write_layer(LayerSite&, const LayerScale&);
GraphValue write_layer(LayerSite&, const PReLU&);
GraphValue write_layer(LayerSite&, const Activation&);
GraphValue write_layer(LayerSite&, const Rescaling&);
GraphValue write_layer(LayerSite&, const FixedNormalization&);
GraphValue write_layer(LayerSite&, const MaxPooling2D&);
GraphValue write_layer(LayerSite&, const AveragePooling2D&);
GraphValue write_layer(LayerSite&, const GlobalAveragePooling2D&);
GraphValue write_layer(LayerSite&, const GlobalMaxPooling2D&);
GraphValue write_layer(LayerSite&, const AdaptiveAveragePooling2D&);
GraphValue write_layer(LayerSite&, const ZeroPadding2D&);
GraphValue write_layer(LayerSite&, const Padding2D&);
GraphValue write_layer(LayerSite&, const Cropping2D&);
GraphValue write_layer(LayerSite&, const UpSampling2D&);
GraphValue write_layer(LayerSite&, const Resizing&);
GraphValue write_layer(LayerSite&, const Flatten&);
GraphValue write_layer(LayerSite&, const Permute&);
GraphValue write_layer(LayerSite&, const Reshape&);
GraphValue write_layer(LayerSite&, const ChannelShuffle&);
GraphValue write_layer(LayerSite&, const SliceChannels&);
GraphValue write_layer(LayerSite&, const Dropout&);
/// Layers that pass on what they read, in evaluation.
GraphValue write_identity(LayerSite&);
/// Layers with several inputs, by what they do with them.
GraphValue write_merge(LayerSite&);

}  // namespace evenkeel::interchange
