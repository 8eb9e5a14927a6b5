#pragma once

#include <vector>

#include "evenkeel/nn/model.h"

namespace evenkeel {

/// The layers that read this one, in the order of the description.
std::vector<int> readers_of(const Model& model, int layer);

}  // namespace evenkeel
