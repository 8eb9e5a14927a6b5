#pragma once

#include <cstdint>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// An image [H, W, C], uint8 or float32, as [height, width, C]. Bilinear. Where it shrinks, each pixel is a weighted
/// mean over all pixels that it replaces (the triangular filter is widened by the factor), so that fine patterns do not
/// alias. Pillow's and torchvision's resize do the same. Sample positions are the centres of pixels; uint8 is rounded
/// to the nearest. Throws Error for other types and ranks and for an empty image or result.
Tensor resized(TensorView image, std::int64_t height, std::int64_t width);

/// The set with its images [H, W, C] resized; the set itself if they have that size already.
Dataset resized(const Dataset& dataset, std::int64_t height, std::int64_t width);

}  // namespace evenkeel
