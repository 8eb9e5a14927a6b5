#pragma once

#include "evenkeel/interchange/keras/translate.h"

// x + y, x / 2 and their like, which Keras's graphs have as operations.

namespace evenkeel::interchange::keras {

/// An operation of Keras 3, or a TFOpLambda of tf.keras: a merge, a rescaling, or an activation. Throws Unsupported.
Translated translate_operation(const Node& node, const Usage& usage, const std::string& where);

/// scale * x + offset for each channel, as a normalization with numbers. Throws Unsupported, which names `what`, where
/// there is none.
Layer by_channel(std::vector<double> scale, std::vector<double> offset, const std::string& what);

}  // namespace evenkeel::interchange::keras
