#pragma once

#include <string>

#include "evenkeel/kernels/window.h"
#include "evenkeel/tensor/shape.h"

namespace evenkeel {

/// `valid`: no padding. `same`: output size ceil(input / stride); with stride 2 and an even input the odd element of
/// padding is at the end (TensorFlow and Keras; PyTorch's padding=1 puts it at both ends).
enum class Padding { valid, same };

/// Height and width.
struct Size2D {
  std::int64_t h = 1, w = 1;
  Size2D() = default;
  Size2D(std::int64_t both) : h(both), w(both) {}  // NOLINT(google-explicit-constructor): kernel_size = 3
  Size2D(std::int64_t height, std::int64_t width) : h(height), w(width) {}
  bool operator==(const Size2D&) const = default;
};

namespace ops {

struct WindowOptions {
  Size2D kernel;
  Size2D strides;
  Padding padding = Padding::valid;
};

/// "3x3 stride 2 same"
std::string to_string(const WindowOptions& options);

/// The window over x [N, H, W, C]. Throws Error where x is no image or smaller than a window without padding.
kernels::Window window_over(const Shape& x, const WindowOptions& options);

}  // namespace ops
}  // namespace evenkeel
