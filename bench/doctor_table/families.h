#pragma once

#include "patient.h"

namespace evenkeel::table {

/// Appends a small network with what a family of known ones has, and returns whether it knows the recipe's
/// architecture:
///   basic         ResNet: two 3x3 convolutions beside a shortcut, which has one of its own where the stride is 2
///   inverted      MobileNet v2: 1x1, depthwise, 1x1 without an activation; relu6
///   squeezed      EfficientNet: the same with silu, squeeze and excitation, and stochastic depth
///   concatenated  DenseNet: normalization and relu come first, and outputs are appended to inputs
/// Dropout is in front of the convolution whose normalization is norm_last; in `concatenated`, in front of that itself.
bool build_family(Model& model, const Recipe& recipe);

}  // namespace evenkeel::table
