#pragma once

#include <cstdint>

#include "evenkeel/kernels/elementwise/activation.h"

// The three linear maps of F(2x2, 3x3), for vectors of channels. Element e of a transformed tile is row e / 4, column
// e % 4.

namespace evenkeel::kernels::winograd {

inline constexpr std::int64_t kElements = 16;

/// v[e * stride + channel] = (B^T d B)[e], where pixel p of the 4x4 patch d begins at pixels[p].
void transform_input(const float* const* pixels, std::int64_t channels, float* v, std::int64_t stride);

/// The outputs of tiles: y = f(A^T m A + bias). m[e * stride + channel]; outputs[0..3] are the 2x2 pixels, nullptr for
/// those outside the image. bias may be nullptr.
struct OutputTiles {
  const float* m = nullptr;  ///< of the first tile; the next one follows `channels` numbers later
  std::int64_t stride = 0, channels = 0, count = 0;
  float* const* outputs = nullptr;  ///< four for each tile
  const float* bias = nullptr;
  Activation f;
};
void transform_output(const OutputTiles& tiles);

/// u = G g G^T of a kernel [3, 3, c, filters], for input `d` of the products and their columns [first, first + count):
/// u[e * stride + column - first]. Rotated by half a turn, inputs are filters and columns are channels.
struct KernelPart {
  const float* kernel = nullptr;
  std::int64_t c = 0, filters = 0;
  bool rotated = false;
};
/// Writes the panel of columns from `first` on: u[e * stride + d * 16 + column], zeros after the last column.
void transform_kernel_panel(const KernelPart& part, std::int64_t first, std::int64_t count, float* u,
                            std::int64_t stride);

}  // namespace evenkeel::kernels::winograd
