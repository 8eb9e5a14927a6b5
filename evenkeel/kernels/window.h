#pragma once

#include <algorithm>
#include <cstdint>

namespace evenkeel::kernels {

/// The indices [begin, end).
struct Extent {
  std::int64_t begin = 0, end = 0;

  std::int64_t size() const { return end - begin; }
};

/// A window sliding over NHWC images, of a convolution or a pooling: x [n, h, w, c] -> y [n, oh, ow, channels of y].
/// The window of output pixel (i, j) has the input rows i * stride_h - pad_top + [0, kernel_h), and columns likewise.
/// Rows outside [0, h) are padding. The padding at the end follows from oh and ow.
struct Window {
  std::int64_t n = 0, h = 0, w = 0, c = 0;
  std::int64_t kernel_h = 1, kernel_w = 1;
  std::int64_t stride_h = 1, stride_w = 1;
  std::int64_t pad_top = 0, pad_left = 0;
  std::int64_t oh = 0, ow = 0;

  std::int64_t pad_bottom() const { return past((oh - 1) * stride_h + kernel_h - h - pad_top); }
  std::int64_t pad_right() const { return past((ow - 1) * stride_w + kernel_w - w - pad_left); }
  /// The input rows inside the image in the window of output row i; empty if there is only padding.
  Extent rows_of(std::int64_t i) const { return inside(i * stride_h - pad_top, kernel_h, h); }
  Extent columns_of(std::int64_t j) const { return inside(j * stride_w - pad_left, kernel_w, w); }
  bool operator==(const Window&) const = default;

 private:
  static std::int64_t past(std::int64_t n) { return n > 0 ? n : 0; }
  static Extent inside(std::int64_t first, std::int64_t count, std::int64_t size) {
    const std::int64_t begin = std::min(past(first), size);
    return {begin, std::max(begin, std::min(first + count, size))};
  }
};

}  // namespace evenkeel::kernels
