#pragma once

#include <optional>
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

/// The images that a transposed convolution makes of x [N, H, W, C]: the window over them has x's height and width.
/// `output_padding`: rows and columns that are added at the end. Unset, the sizes are Keras's: for `same` size *
/// stride, for `valid` (size - 1) * stride + max(kernel, stride); with numbers nothing is added. Set: for `same` (size
/// - 1) * stride + kernel % 2, else (size - 1) * stride + kernel less the padding, and so many more (PyTorch's). Throws
/// Error if a size is less than 1, or is not one whose window has x's size.
Shape transposed_over(const Shape& x, const WindowOptions& options, const std::optional<Size2D>& output_padding,
                      std::int64_t channels);

}  // namespace evenkeel::ops
