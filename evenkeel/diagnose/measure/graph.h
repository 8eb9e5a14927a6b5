#pragma once

#include <vector>

#include "evenkeel/nn/model.h"

namespace evenkeel {

/// The layers that read this one, in the order of the description.
std::vector<int> readers_of(const Model& model, int layer);

/// By layer, the shape of one sample's output.
std::vector<Shape> output_shapes(const Model& model);

/// Of how many values a normalization takes a mean and a variance: `sample` is the shape of one sample, `samples` how
/// many of them a batch has.
std::int64_t normalized_values(const NormalizationTraits& normalization, const Shape& sample, std::int64_t samples);

/// The layers at the end whose channels are the network's outputs: the last one that makes them (a linear layer, or one
/// that merges several) and those that treat each by itself after it, last layer first. A channel of theirs is a class,
/// or a number that is asked for.
std::vector<int> output_layers(const Model& model);

/// Of those, the layers between the last one with weights, or that pools or merges, and the loss; that one is among
/// them, for the activation that it may apply.
std::vector<int> layers_before_loss(const Model& model);

/// Whether the outputs are the very value that this layer computes. Where it is a softmax (or a sigmoid), and the loss
/// is the softmax's (or the sigmoid's), the loss takes what goes into it.
bool yields_outputs(const Model& model, int layer);

/// Whether all that the outputs know of the input passes through this layer.
bool is_only_way(const Model& model, int layer);

}  // namespace evenkeel
