#pragma once

#include <cstdint>

// Types of options that many layers have.

namespace evenkeel {

/// Height and width.
struct Size2D {
  std::int64_t h = 1, w = 1;
  Size2D() = default;
  Size2D(std::int64_t both) : h(both), w(both) {}  // NOLINT(google-explicit-constructor): kernel_size = 3
  Size2D(std::int64_t height, std::int64_t width) : h(height), w(width) {}
  bool operator==(const Size2D&) const = default;
};

/// What lies around an image: zeros for a convolution, nothing that counts for a pooling. `valid`: no padding, the same
/// as 0. `same`: output size ceil(input / stride); an odd element of padding is at the end, e.g. with stride 2 and an
/// even input (TensorFlow and Keras; PyTorch's padding = 1 is the number 1 here). Or rows and columns on each side.
struct Padding {
  enum class Rule { numbers, same };

  Rule rule = Rule::numbers;
  std::int64_t top = 0, bottom = 0, left = 0, right = 0;  ///< of Rule::numbers

  constexpr Padding() = default;
  constexpr explicit Padding(Rule r) : rule(r) {}
  // NOLINTNEXTLINE(google-explicit-constructor): padding = 1
  constexpr Padding(std::int64_t all) : Padding(all, all) {}
  constexpr Padding(std::int64_t height, std::int64_t width) : Padding(height, height, width, width) {}
  constexpr Padding(std::int64_t above, std::int64_t below, std::int64_t before, std::int64_t after)
      : top(above), bottom(below), left(before), right(after) {}
  bool operator==(const Padding&) const = default;

  static const Padding valid, same;
};
inline constexpr Padding Padding::valid{};
inline constexpr Padding Padding::same{Padding::Rule::same};

}  // namespace evenkeel
