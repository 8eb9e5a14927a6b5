#pragma once

#include <vector>

#include "evenkeel/nn/model.h"

namespace evenkeel {

/// The activation that a layer ends in: an Activation's, Conv2D's or Dense's; linear for every other.
ActivationFunction activation_of(const Layer& layer);

/// The layers that read this one, in the order of the description.
std::vector<int> readers_of(const Model& model, int layer);

}  // namespace evenkeel
