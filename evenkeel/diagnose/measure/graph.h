#pragma once

#include <vector>

#include "evenkeel/nn/model.h"

namespace evenkeel {

/// The layers that read this one, in the order of the description.
std::vector<int> readers_of(const Model& model, int layer);

/// By layer, the shape of one sample's output.
std::vector<Shape> output_shapes(const Model& model);

/// The number of values of which a normalization takes a mean and a variance. `sample` is the shape of one sample,
/// `samples` the number of samples in a batch.
std::int64_t normalized_values(const NormalizationTraits& normalization, const Shape& sample, std::int64_t samples);

/// The layers at the end whose channels are the network's main outputs, last layer first: the one that makes them (a
/// linear or a merging layer), and those after it that treat each channel by itself. Each of their channels is a class,
/// or a number that is asked for.
std::vector<int> output_layers(const Model& model);

/// Those of them from the last layer that has weights, pools or merges, to the loss. That layer is included, because it
/// may apply an activation.
std::vector<int> layers_before_loss(const Model& model);

/// Whether the main outputs are exactly the value that this layer computes. If it is a softmax (or sigmoid) and the
/// loss is that of a softmax (or sigmoid), the loss reads the layer's input.
bool yields_outputs(const Model& model, int layer);

/// Whether everything that the main outputs depend on passes through this layer.
bool is_only_way(const Model& model, int layer);

}  // namespace evenkeel
