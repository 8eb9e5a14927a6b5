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
/// Tap (a, b) of the window of output pixel (i, j) is the input row i * stride_h - pad_top + a * dilation_h, and the
/// column likewise. Rows outside [0, h) are padding.
struct Window {
  std::int64_t n = 0, h = 0, w = 0, c = 0;
  std::int64_t kernel_h = 1, kernel_w = 1;
  std::int64_t stride_h = 1, stride_w = 1;
  std::int64_t pad_top = 0, pad_left = 0;
  std::int64_t oh = 0, ow = 0;
  std::int64_t dilation_h = 1, dilation_w = 1;
  /// Of a convolution: an output channel reads the c / groups input channels of its group.
  std::int64_t groups = 1;
  /// Rows and columns of padding that were asked for at the end. Windows may end before them, or (output sizes rounded
  /// up) behind them.
  std::int64_t given_bottom = 0, given_right = 0;

  /// Rows and columns from a window's first tap to its last.
  std::int64_t span_h() const { return (kernel_h - 1) * dilation_h + 1; }
  std::int64_t span_w() const { return (kernel_w - 1) * dilation_w + 1; }
  /// Rows and columns of padding at the end that windows cover.
  std::int64_t pad_bottom() const { return past((oh - 1) * stride_h + span_h() - h - pad_top); }
  std::int64_t pad_right() const { return past((ow - 1) * stride_w + span_w() - w - pad_left); }
  bool is_dilated() const { return span_h() > kernel_h || span_w() > kernel_w; }
  /// Whether a window lies in the padding alone.
  bool has_empty_windows() const {
    return pad_top >= span_h() || pad_left >= span_w() || pad_bottom() >= span_h() || pad_right() >= span_w();
  }

  /// The taps of a window of output row i (column j) whose row (column) is inside the image.
  Extent row_taps(std::int64_t i) const { return taps(i * stride_h - pad_top, dilation_h, kernel_h, h); }
  Extent column_taps(std::int64_t j) const { return taps(j * stride_w - pad_left, dilation_w, kernel_w, w); }
  /// Without dilation, the input rows inside the image in the window of output row i; empty if there is only padding.
  Extent rows_of(std::int64_t i) const { return inside(i * stride_h - pad_top, kernel_h, h); }
  Extent columns_of(std::int64_t j) const { return inside(j * stride_w - pad_left, kernel_w, w); }
  bool operator==(const Window&) const = default;

 private:
  static std::int64_t past(std::int64_t n) { return n > 0 ? n : 0; }
  static Extent inside(std::int64_t first, std::int64_t count, std::int64_t size) {
    const std::int64_t begin = std::min(past(first), size);
    return {begin, std::max(begin, std::min(first + count, size))};
  }
  static Extent taps(std::int64_t first, std::int64_t step, std::int64_t count, std::int64_t size) {
    const std::int64_t begin = std::min((past(-first) + step - 1) / step, count);
    return {begin, std::max(begin, std::min((past(size - first) + step - 1) / step, count))};
  }
};

}  // namespace evenkeel::kernels
