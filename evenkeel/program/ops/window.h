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
  Size2D dilation = 1;  ///< distance of neighbouring taps
  /// Round the output's size up, as PyTorch's pools: a last window may reach past the padding if it starts inside the
  /// image or the padding before it. (`same` always rounds up.)
  bool ceil_mode = false;
};

/// "3x3 stride 2 same"
std::string to_string(const WindowOptions& options);

/// The window over x [N, H, W, C]. Throws Error if x does not have four axes, if a number of the padding is negative,
/// or if a window is larger than x with its padding.
kernels::Window window_over(const Shape& x, const WindowOptions& options);

}  // namespace evenkeel::ops
