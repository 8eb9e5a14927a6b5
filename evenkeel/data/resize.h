#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// Which pixels a pixel of the result comes from. Sample positions are the centres of pixels, unless said otherwise.
enum class ResizeMethod {
  /// Bilinear; where it shrinks, a weighted mean over all pixels that are replaced (the triangular filter is widened by
  /// the factor), so that fine patterns do not alias: Pillow's and torchvision's bilinear.
  antialiased,
  bilinear,        ///< of the two nearest pixels each way: OpenCV's, TensorFlow's and torch.nn.functional's
  corners,         ///< the same, corner pixels stay in their place: align_corners
  nearest,         ///< Pillow's and TensorFlow's
  nearest_before,  ///< positions rounded down: OpenCV's and torch.nn.functional's nearest
  area,            ///< the mean over the area that a pixel covers: OpenCV's INTER_AREA
};
inline constexpr ResizeMethod kOtherResizeMethods[] = {ResizeMethod::bilinear, ResizeMethod::corners,
                                                       ResizeMethod::nearest, ResizeMethod::nearest_before,
                                                       ResizeMethod::area};
/// For sentences: "bilinear between two pixels, without a filter (OpenCV, TensorFlow, torch.nn.functional)".
std::string text_of(ResizeMethod method);

/// An image [H, W, C], uint8 or float32, as [height, width, C]. uint8 is rounded to the nearest; with `antialiased` in
/// Pillow's own arithmetic: weights of 22 bits, and the rows are rounded before the columns (Pillow 13 begins with the
/// columns for some sizes; then a pixel may differ by 1). Throws Error
/// for other types and ranks and for an empty image or result.
Tensor resized(TensorView image, std::int64_t height, std::int64_t width,
               ResizeMethod method = ResizeMethod::antialiased);

/// Height and width of an image whose shorter side becomes `side`, with its proportions: torchvision's Resize(side),
/// which rounds the longer one down.
std::pair<std::int64_t, std::int64_t> size_of_shorter_side(std::int64_t height, std::int64_t width, std::int64_t side);

/// The middle of an image [H, W, C], as torchvision's CenterCrop takes it: where one row or column more is left over,
/// halves are rounded to even. Throws Error if the image is smaller.
Tensor centre_crop(TensorView image, std::int64_t height, std::int64_t width);

/// The set with its images [H, W, C] resized; the set itself if they have that size already.
Dataset resized(const Dataset& dataset, std::int64_t height, std::int64_t width,
                ResizeMethod method = ResizeMethod::antialiased);

/// The set with its images [H, W, C] resized so that the shorter side is `side` (0: as they are), and the middle of
/// them. Throws Error if they are too small.
Dataset cropped(const Dataset& dataset, std::int64_t side, std::int64_t height, std::int64_t width,
                ResizeMethod method = ResizeMethod::antialiased);

}  // namespace evenkeel
