#pragma once

#include <cstdint>

// Types of options that many layers have.

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

}  // namespace evenkeel
