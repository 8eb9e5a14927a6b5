#pragma once

#include <cstdint>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// An image [H, W, C], uint8 or float32, as [height, width, C]. Bilinear; where it shrinks, each pixel is a mean over
/// all that it stands for (a triangle as wide as the shrinking asks), so that fine patterns do not alias. Pillow's and
/// torchvision's resize do the same. Sample positions are the pixels' middles; uint8 is rounded to the nearest.
/// Throws Error for other types and ranks and for an empty image or result.
Tensor resized(TensorView image, std::int64_t height, std::int64_t width);

/// The set with its images [H, W, C] resized; the set itself where they have that size already.
Dataset resized(const Dataset& dataset, std::int64_t height, std::int64_t width);

}  // namespace evenkeel
