#pragma once

#include <optional>

#include "evenkeel/nn/initializer.h"

namespace evenkeel {

/// The largest magnitude that an initializer can draw for a tensor of this shape; nothing if it draws no random
/// numbers.
std::optional<double> largest_drawn(const Initializer& initializer, const Shape& shape);

}  // namespace evenkeel
