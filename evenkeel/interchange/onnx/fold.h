#pragma once

#include <string>
#include <vector>

#include "evenkeel/formats/safetensors.h"
#include "evenkeel/nn/model.h"

namespace evenkeel::interchange {

/// A model for prediction alone, and its tensors.
struct Folded {
  Model model;
  formats::SafetensorsFile weights;
  std::vector<std::string> folded, kept;  ///< normalizations that are part of another layer now, and that are not
};

/// The same network in evaluation with as few normalizations as possible: each that directly follows a linear layer
/// without an activation, and is its only reader, becomes part of that layer's kernel and bias. Computed in double
/// precision. Layers that do nothing in evaluation may stand between them.
Folded fold_normalizations(const Model& model, const formats::SafetensorsFile& weights);

}  // namespace evenkeel::interchange
