#pragma once

#include "evenkeel/diagnose/measure/object_reader.h"
#include "evenkeel/nn/layer_traits.h"

namespace evenkeel {

/// The traits of a foreign layer from its description, but for the names of tensors. `output`: the shape of one
/// sample's output. Throws Error that says what does not fit.
LayerTraits foreign_traits(const ObjectReader& reader, const Shape& output);

}  // namespace evenkeel
