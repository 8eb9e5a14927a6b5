#pragma once

#include <cstdint>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// The value of white: 255 for uint8, 65535 for float32 (from 16-bit images).
float white_of(DType dtype);

/// An image [H, W, C] with Exif's orientation, 1 to 8, applied. The same as Pillow's ImageOps.exif_transpose.
Tensor oriented(Tensor image, int orientation);

/// An image of 1 to 4 channels (gray, gray and alpha, RGB, RGBA) converted to another such number. Gray becomes three
/// equal channels, RGB its luminance (ITU-R 601, as in Pillow). Alpha that is not wanted is blended with white; if it
/// is wanted and missing, it is opaque.
Tensor with_channels(Tensor image, std::int64_t channels);

/// An image of 8 bits (uint8) as one of 16 bits (float32), or the reverse: white stays white.
Tensor with_depth(Tensor image, DType dtype);

}  // namespace evenkeel
