#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "evenkeel/base/threads.h"
#include "evenkeel/kernels/elementwise/activation.h"
#include "evenkeel/kernels/window.h"

// A convolution as sums over taps, for both directions: forward, out = y and in = x; for the data gradient, out = dx
// and in = dy. With strides, the pixels of dx meet different taps: those that meet the same are a phase.

namespace evenkeel::kernels::tiled {

/// A place in the kernel, and the input pixel it reads: that of phase pixel (r, s) is (r * in_step_h + row,
/// s * in_step_w + column).
struct Tap {
  std::int64_t a = 0, b = 0;
  std::int64_t row = 0, column = 0;
};

/// Output pixels (first_row + r * out_step_h, first_column + s * out_step_w).
struct Phase {
  std::int64_t rows = 0, columns = 0;
  std::int64_t first_row = 0, first_column = 0;
  std::vector<Tap> taps = {};     ///< row by row, columns ascending
  std::int64_t tap_rows = 0;      ///< how many rows of taps
  std::int64_t packed_begin = 0;  ///< of its kernel, in numbers
};

struct TileWalk {
  std::int64_t n = 0, h = 0, w = 0, depth = 0;      ///< of the input
  std::int64_t out_h = 0, out_w = 0, channels = 0;  ///< of the output
  std::int64_t in_step_h = 1, in_step_w = 1, out_step_h = 1, out_step_w = 1;
  std::int64_t kernel_w = 1;
  bool transposed = false;  ///< whether the kernel's [c, filters] are [channels, depth]
  bool in_strips = false;   ///< few channels: rows of taps are read as one part, from copies with margins of zeros
  std::vector<Phase> phases = {};

  static TileWalk forward(const Window& window, std::int64_t filters);
  static TileWalk data_gradient(const Window& window, std::int64_t filters);

  std::size_t packed_bytes() const;
  void pack(const float* kernel, float* packed, const Threads& threads) const;

  std::size_t scratch_bytes(const Threads& threads) const;
  /// out = f(in * kernel + bias); bias may be nullptr.
  void run(const float* in, const float* packed, const float* bias, Activation f, float* out, std::byte* scratch,
           const Threads& threads) const;
};

}  // namespace evenkeel::kernels::tiled
