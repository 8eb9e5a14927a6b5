#pragma once

#include <string>

#include "evenkeel/nn/model.h"

namespace evenkeel {

/// The role of a tensor in its layer, by the layer's traits.
enum class TensorRole { kernel, bias, scale, shift, slope, moving_mean, moving_variance, batches, other };

/// The role of a layer's tensor, given its full name, "conv2d/kernel".
TensorRole role_of(const Layer& layer, const std::string& tensor);
/// The role of a tensor of any of the model's layers.
TensorRole role_of(const Model& model, const std::string& tensor);

/// Whether a tensor is one of the moving statistics of a normalization.
bool is_statistic(const Model& model, const std::string& tensor);

}  // namespace evenkeel
