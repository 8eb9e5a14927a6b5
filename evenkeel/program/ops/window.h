#pragma once

#include <string>

#include "evenkeel/config/sizes.h"
#include "evenkeel/kernels/window.h"
#include "evenkeel/tensor/shape.h"

namespace evenkeel::ops {

struct WindowOptions {
  Size2D kernel;
  Size2D strides;
  Padding padding = Padding::valid;
};

/// "3x3 stride 2 same"
std::string to_string(const WindowOptions& options);

/// The window over x [N, H, W, C]. Throws Error if x does not have four axes, or is smaller than a window without
/// padding.
kernels::Window window_over(const Shape& x, const WindowOptions& options);

}  // namespace evenkeel::ops
