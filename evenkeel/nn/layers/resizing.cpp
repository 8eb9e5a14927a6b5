#include "evenkeel/nn/layers/resizing.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/text.h"
#include "evenkeel/program/ops/resample.h"

namespace evenkeel {
namespace {

constexpr Range kImageSide{.low = 1, .high = 65536};  // as of Size2D

/// The shape of images.
Shape images(Value x) {
  ops::require_resampled(x.shape(), 1, 1);
  return x.shape();
}

Value resized(LayerBuilder& builder, Value x, Size2D to, Interpolation interpolation, bool align_corners) {
  const Shape shape = images(x);
  if (interpolation == Interpolation::nearest && align_corners)
    throw Error{{.where = "\"align_corners\"",
                 .expected = "false with the interpolation \"nearest\"",
                 .received = "true",
                 .hint = "It says where bilinear interpolation has the corners."}};
  ops::require_resampled(shape, to.h, to.w);
  if (to == Size2D(shape[1], shape[2])) return x;
  const auto taps = [&](std::int64_t inputs, std::int64_t outputs) {
    return interpolation == Interpolation::nearest ? kernels::Taps::nearest(inputs, outputs)
                                                   : kernels::Taps::linear(inputs, outputs, align_corners);
  };
  const std::string what = interpolation == Interpolation::nearest ? "nearest"
                           : align_corners                         ? "bilinear, corners aligned"
                                                                   : "bilinear";
  return builder.emit(ops::Resample(taps(shape[1], to.h), taps(shape[2], to.w), what), {x}, "resized");
}

template <class Resize>
void describe_resizing(Fields<Resize>& fields) {
  fields.add("interpolation", &Resize::interpolation, "how pixels are found")
      .add("align_corners", &Resize::align_corners, "bilinear: the corners' centres stay (PyTorch's align_corners)");
}

}  // namespace

bool convert(const FieldValue& from, Margins& to) {
  Padding sides;
  if (std::holds_alternative<std::string>(from) || !convert(from, sides)) return false;
  to = {sides.top, sides.bottom, sides.left, sides.right};
  return true;
}

FieldValue field_value(Margins value) {
  if (value == Margins(0)) return std::int64_t{0};  // no "valid"
  return field_value(Padding(value.top, value.bottom, value.left, value.right));
}

std::string kind_of(Margins) {
  return "a whole number, [height, width] or [top, bottom, left, right], each of at least 0";
}

void ZeroPadding2D::describe(Fields<ZeroPadding2D>& fields) {
  fields.about("Zeros around each image. Input [N, H, W, C].");
  fields.add("padding", &ZeroPadding2D::padding, "rows and columns of zeros at each side");
}

LayerTraits traits(const ZeroPadding2D& layer) {
  return {.identity_in_evaluation = layer.padding == Margins(0), .per_channel = true};
}

Value build(const ZeroPadding2D& layer, LayerBuilder& builder, Value x) {
  const Shape shape = images(x);
  const Margins& by = layer.padding;
  ops::require_resampled(shape, by.top + shape[1] + by.bottom, by.left + shape[2] + by.right);
  const auto taps = [](std::int64_t inputs, std::int64_t before, std::int64_t after) {
    return kernels::Taps::shifted(inputs, before + inputs + after, before);
  };
  return builder.emit(ops::Resample(taps(shape[1], by.top, by.bottom), taps(shape[2], by.left, by.right), "padding"),
                      {x}, "padded");
}

bool convert(const FieldValue& from, Surroundings& to) {
  const std::string* name = std::get_if<std::string>(&from);
  if (!name) return false;
  to = same_name(*name, "reflect") ? Surroundings::reflect : Surroundings::edge;
  return to == Surroundings::reflect || same_name(*name, "edge");
}

FieldValue field_value(Surroundings value) { return std::string(value == Surroundings::reflect ? "reflect" : "edge"); }

std::string kind_of(Surroundings) { return "\"reflect\" or \"edge\""; }

std::vector<std::string> choices_of(Surroundings) { return {"reflect", "edge"}; }

void Padding2D::describe(Fields<Padding2D>& fields) {
  fields.about("The image's own pixels around each image, mirrored or repeated. Input [N, H, W, C].");
  fields.add("padding", &Padding2D::padding, "rows and columns added at each side")
      .add("mode", &Padding2D::mode, "reflect: mirrored at the outermost pixels; edge: these repeated");
}

LayerTraits traits(const Padding2D& layer) {
  return {.identity_in_evaluation = layer.padding == Margins(0), .per_channel = true};
}

Value build(const Padding2D& layer, LayerBuilder& builder, Value x) {
  const Shape shape = images(x);
  const Margins& by = layer.padding;
  const bool reflect = layer.mode == Surroundings::reflect;
  if (reflect && (std::max(by.top, by.bottom) >= shape[1] || std::max(by.left, by.right) >= shape[2]))
    throw Error{
        {.where = "\"padding\"",
         .expected = fmt::format("less than the {}x{} pixels of the input, which are mirrored", shape[1], shape[2]),
         .received = to_string(field_value(by))}};
  ops::require_resampled(shape, by.top + shape[1] + by.bottom, by.left + shape[2] + by.right);
  const auto taps = [&](std::int64_t inputs, std::int64_t before, std::int64_t after) {
    return reflect ? kernels::Taps::reflected(inputs, before, after) : kernels::Taps::repeated(inputs, before, after);
  };
  return builder.emit(ops::Resample(taps(shape[1], by.top, by.bottom), taps(shape[2], by.left, by.right),
                                    reflect ? "padding, reflected" : "padding, edges"),
                      {x}, "padded");
}

void Cropping2D::describe(Fields<Cropping2D>& fields) {
  fields.about("Each image without rows and columns at its sides. Input [N, H, W, C].");
  fields.add("cropping", &Cropping2D::cropping, "rows and columns to leave out at each side");
}

LayerTraits traits(const Cropping2D& layer) {
  return {.identity_in_evaluation = layer.cropping == Margins(0), .per_channel = true};
}

Value build(const Cropping2D& layer, LayerBuilder& builder, Value x) {
  const Shape shape = images(x);
  const Margins& by = layer.cropping;
  const std::int64_t h = shape[1] - by.top - by.bottom, w = shape[2] - by.left - by.right;
  if (h < 1 || w < 1)
    throw Error{{.where = "\"cropping\"",
                 .expected = fmt::format("less than the {}x{} pixels of the input", shape[1], shape[2]),
                 .received = to_string(field_value(by))}};
  return builder.emit(ops::Resample(kernels::Taps::shifted(shape[1], h, -by.top),
                                    kernels::Taps::shifted(shape[2], w, -by.left), "cropping"),
                      {x}, "cropped");
}

bool convert(const FieldValue& from, Interpolation& to) {
  const std::string* name = std::get_if<std::string>(&from);
  if (!name) return false;
  to = same_name(*name, "nearest") ? Interpolation::nearest : Interpolation::bilinear;
  return to == Interpolation::nearest || same_name(*name, "bilinear");
}

FieldValue field_value(Interpolation value) {
  return std::string(value == Interpolation::nearest ? "nearest" : "bilinear");
}

std::string kind_of(Interpolation) { return "\"nearest\" or \"bilinear\""; }

std::vector<std::string> choices_of(Interpolation) { return {"nearest", "bilinear"}; }

void UpSampling2D::describe(Fields<UpSampling2D>& fields) {
  fields.about("Images made larger by whole factors. Input [N, H, W, C].");
  fields.add("size", &UpSampling2D::size, "factors of height and width");
  describe_resizing(fields);
}

LayerTraits traits(const UpSampling2D& layer) {
  return {.identity_in_evaluation = layer.size == Size2D(1), .per_channel = true};
}

Value build(const UpSampling2D& layer, LayerBuilder& builder, Value x) {
  const Shape shape = images(x);
  return resized(builder, x, {shape[1] * layer.size.h, shape[2] * layer.size.w}, layer.interpolation,
                 layer.align_corners);
}

void Resizing::describe(Fields<Resizing>& fields) {
  fields.about("Images of another size. Input [N, H, W, C], output [N, height, width, C].");
  fields.add("height", &Resizing::height, "rows of the output", kImageSide)
      .add("width", &Resizing::width, "columns of the output", kImageSide);
  describe_resizing(fields);
}

LayerTraits traits(const Resizing&) { return {.per_channel = true}; }

Value build(const Resizing& layer, LayerBuilder& builder, Value x) {
  return resized(builder, x, {layer.height, layer.width}, layer.interpolation, layer.align_corners);
}

}  // namespace evenkeel
