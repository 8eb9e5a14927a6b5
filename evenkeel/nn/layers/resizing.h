#pragma once

#include <string>
#include <vector>

#include "evenkeel/nn/layer.h"

namespace evenkeel {

/// Rows and columns at the four sides of an image: 1, {height, width} or {top, bottom, left, right}.
struct Margins {
  std::int64_t top = 1, bottom = 1, left = 1, right = 1;

  // NOLINTNEXTLINE(google-explicit-constructor): padding = 2
  constexpr Margins(std::int64_t all = 1) : Margins(all, all) {}
  constexpr Margins(std::int64_t height, std::int64_t width) : Margins(height, height, width, width) {}
  constexpr Margins(std::int64_t above, std::int64_t below, std::int64_t before, std::int64_t after)
      : top(above), bottom(below), left(before), right(after) {}
  bool operator==(const Margins&) const = default;
};
bool convert(const FieldValue& from, Margins& to);
FieldValue field_value(Margins value);
std::string kind_of(Margins);

/// Zeros around each image. Input [N, H, W, C], output [N, top + H + bottom, left + W + right, C]. Keras's
/// ZeroPadding2D, whose ((top, bottom), (left, right)) is [top, bottom, left, right] here.
struct ZeroPadding2D {
  Margins padding = 1;
  std::string name = {};

  static constexpr std::string_view kType = "ZeroPadding2D";
  static void describe(Fields<ZeroPadding2D>&);
};
LayerTraits traits(const ZeroPadding2D&);
Value build(const ZeroPadding2D&, LayerBuilder&, Value x);

/// What is around a padded image. Reflect: the image mirrored at its outermost pixels, which are not repeated, so each
/// side is less than the image; PyTorch's ReflectionPad2d. Edge: its outermost pixels again and again;
/// ReplicationPad2d.
enum class Surroundings { reflect, edge };
bool convert(const FieldValue& from, Surroundings& to);
FieldValue field_value(Surroundings value);
std::string kind_of(Surroundings);
std::vector<std::string> choices_of(Surroundings);

/// The image's own pixels around each image. Input [N, H, W, C], output [N, top + H + bottom, left + W + right, C].
/// Throws Error if a side of a reflected image is not less than the image. ONNX's Pad with this mode; Keras has no such
/// layer.
struct Padding2D {
  Margins padding = 1;
  Surroundings mode = Surroundings::reflect;
  std::string name = {};

  static constexpr std::string_view kType = "Padding2D";
  static void describe(Fields<Padding2D>&);
};
LayerTraits traits(const Padding2D&);
Value build(const Padding2D&, LayerBuilder&, Value x);

/// Each image without rows and columns at its sides. Input [N, H, W, C], output [N, H - top - bottom, W - left - right,
/// C]. Throws Error if nothing is left. Keras's Cropping2D (whose default is 0).
struct Cropping2D {
  Margins cropping = 0;
  std::string name = {};

  static constexpr std::string_view kType = "Cropping2D";
  static void describe(Fields<Cropping2D>&);
};
LayerTraits traits(const Cropping2D&);
Value build(const Cropping2D&, LayerBuilder&, Value x);

/// How the pixels of a resized image are found. Nearest: the input pixel that the output pixel's centre is in, with
/// centres at half pixels: floor((i + 1/2) * size / new size). Keras's Resizing and PyTorch's nearest-exact do this;
/// PyTorch's nearest is floor(i * size / new size), which is the same if the new size is a multiple of the old one.
/// Bilinear: between the nearest pixels of two rows and two columns, without antialiasing when an image becomes
/// smaller. Centres are at half pixels as in Keras and in PyTorch with align_corners=False, unless `align_corners` puts
/// the corners' centres on each other as PyTorch's align_corners=True does.
enum class Interpolation { nearest, bilinear };
bool convert(const FieldValue& from, Interpolation& to);
FieldValue field_value(Interpolation value);
std::string kind_of(Interpolation);
std::vector<std::string> choices_of(Interpolation);

/// Images made larger by whole factors: nearest repeats each pixel. Input [N, H, W, C], output [N, H * size, W * size,
/// C]. Keras's UpSampling2D; PyTorch's Upsample with a scale_factor.
struct UpSampling2D {
  Size2D size = 2;  ///< factors of height and width
  Interpolation interpolation = Interpolation::nearest;
  bool align_corners = false;  ///< of bilinear
  std::string name = {};

  static constexpr std::string_view kType = "UpSampling2D";
  static void describe(Fields<UpSampling2D>&);
};
LayerTraits traits(const UpSampling2D&);
Value build(const UpSampling2D&, LayerBuilder&, Value x);

/// Images of another size. Input [N, H, W, C], output [N, height, width, C]. Keras's Resizing; PyTorch's Upsample with
/// a size.
struct Resizing {
  std::int64_t height = 0, width = 0;  ///< required
  Interpolation interpolation = Interpolation::bilinear;
  bool align_corners = false;  ///< of bilinear
  std::string name = {};

  static constexpr std::string_view kType = "Resizing";
  static void describe(Fields<Resizing>&);
};
LayerTraits traits(const Resizing&);
Value build(const Resizing&, LayerBuilder&, Value x);

}  // namespace evenkeel
