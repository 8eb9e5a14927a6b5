#pragma once

#include <vector>

#include "evenkeel/nn/layer.h"
#include "tests/support/trial.h"

namespace evenkeel {

/// Holds a layer to everything that must be true of any, for one input shape [N, ...]:
///  - what check_program holds a piece of a program to (gradients, both precisions, every mode, poison, memory);
///  - a value that two copies of the layer read gets the sum of their gradients;
///  - weights saved and loaded again give the same outputs, bit by bit;
///  - in evaluation a sample's output does not depend on the rest of its batch (1e-5).
void check_layer(const Layer& layer, const Shape& input);
/// The same for a layer that merges several inputs of these shapes.
void check_merging_layer(const Layer& layer, const std::vector<Shape>& inputs);

/// One copy of the layer, "layer", over inputs of these shapes.
Subject subject_of(const Layer& layer, const std::vector<Shape>& inputs);

}  // namespace evenkeel
