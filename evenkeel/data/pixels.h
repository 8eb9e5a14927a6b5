#pragma once

#include <cstdint>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

/// The value of white: 255 of uint8, 65535 of float32, which 16-bit images become.
float white_of(DType dtype);

/// An image [H, W, C] as it is to be seen, where Exif's orientation, 1 to 8, says how it is stored. The same as
/// Pillow's ImageOps.exif_transpose.
Tensor oriented(Tensor image, int orientation);

/// An image of 1 to 4 channels (gray, gray and alpha, RGB, RGBA) with another such number. Gray becomes three equal
/// channels, RGB its luminance (ITU-R 601, as in Pillow). Alpha that is not wanted is laid over white; where it is
/// wanted and missing it is opaque.
Tensor with_channels(Tensor image, std::int64_t channels);

/// An image of 8 bits (uint8) as one of 16 (float32), or the other way round: white stays white.
Tensor with_depth(Tensor image, DType dtype);

}  // namespace evenkeel
