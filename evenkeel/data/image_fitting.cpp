#include "evenkeel/data/image_fitting.h"

#include <fmt/format.h>

#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/pixels.h"
#include "evenkeel/data/resize.h"
#include "evenkeel/formats/image.h"

namespace evenkeel {
namespace {

const char* colour_name(std::int64_t channels) {
  constexpr const char* kNames[] = {"gray", "gray + alpha", "RGB", "RGB + alpha"};
  return kNames[channels - 1];
}

/// Whether the file needs no conversion to be a sample.
bool is_stored_so(const formats::ImageHeader& header, const SampleKind& kind) {
  const std::int64_t channels = (header.colour == formats::ImageHeader::Colour::gray ? 1 : 3) + (header.alpha ? 1 : 0);
  const int bits = kind.dtype == DType::uint8 ? 8 : 16;
  return header.colour != formats::ImageHeader::Colour::palette && channels == kind.shape[2] && header.bits == bits;
}

/// The conversion of colours, in words.
std::vector<std::string> conversions(const formats::ImageHeader& header, const SampleKind& kind) {
  std::vector<std::string> made;
  const bool to_gray = kind.shape[2] <= 2, to_alpha = kind.shape[2] % 2 == 0;
  const char* target = to_gray ? "gray" : "RGB";
  if (header.colour == formats::ImageHeader::Colour::palette) made.push_back(fmt::format("palette to {}", target));
  if (header.colour == formats::ImageHeader::Colour::gray && header.bits < 8)
    made.push_back(fmt::format("{}-bit to 8 bits", header.bits));
  if (header.colour == formats::ImageHeader::Colour::gray && !to_gray) made.emplace_back("gray to RGB");
  if (header.colour == formats::ImageHeader::Colour::rgb && to_gray) made.emplace_back("RGB to gray");
  if (header.alpha && !to_alpha) made.emplace_back("alpha over white");
  if (!header.alpha && to_alpha) made.emplace_back("opaque alpha added");
  if (is_wide(header) && kind.dtype == DType::uint8) made.emplace_back("16 bits to 8");
  if (!is_wide(header) && kind.dtype == DType::float32) made.emplace_back("8 bits to the range of 16");
  return made;
}

std::uint32_t bits_of(const Tensor& pixels) {
  std::uint32_t bits = 0;
  const std::int64_t channels = pixels.shape()[2], colours = channels <= 2 ? 1 : 3;
  const float* value = pixels.as<float>().data();
  for (std::int64_t i = 0; i < pixels.shape()[0] * pixels.shape()[1]; ++i, value += channels)
    for (std::int64_t c = 0; c < colours; ++c) bits |= static_cast<std::uint32_t>(value[c]);
  return bits;
}

}  // namespace

std::string size_text(std::int64_t height, std::int64_t width) { return fmt::format("{} x {}", height, width); }

std::pair<std::int64_t, std::int64_t> size_seen(const formats::ImageHeader& header) {
  const bool is_turned = header.orientation >= 5;
  return {is_turned ? header.width : header.height, is_turned ? header.height : header.width};
}

ImageFitter::ImageFitter(const ImageFiles& files, const ImageOptions& options, SampleKind kind, bool sizes_are_kept)
    : files_(files), options_(options), kind_(kind), sizes_are_kept_(sizes_are_kept) {}

FittedImage ImageFitter::fitted(const ImageFiles::File& file) const {
  formats::Bytes bytes;
  try {
    bytes = files_.read(file);
  } catch (const Error& error) {
    FittedImage result;
    result.skipped = {files_.name_of(file), files_.is_in_shard(file) ? "damaged" : "cannot be opened", error};
    return result;
  }
  return fitted(file, bytes);
}

FittedImage ImageFitter::fitted(const ImageFiles::File& file, formats::BytesView bytes) const {
  FittedImage result;
  const auto skip = [&](std::string reason, Error error) {
    result.skipped = {files_.name_of(file), std::move(reason), std::move(error)};
  };
  try {
    Tensor pixels = formats::decode_image(bytes, "image");
    result.header = formats::image_header(bytes).value();
    result.size = size_seen(*result.header);
    if (pixels.dtype() == DType::float32) result.bits = bits_of(pixels);
    if (const std::string reason = why_unfit(*result.header, result.size); !reason.empty())
      skip(reason, unfit(file, *result.header, result.size));
    else
      fit(result, std::move(pixels));
  } catch (const Error& error) {
    // The place is found only now: that of a member of a shard must be read.
    Error::Parts parts = error.parts();
    parts.where = files_.place_of(file);
    skip(formats::why_no_image(bytes), Error(std::move(parts)));
  }
  return result;
}

bool ImageFitter::has_size(const std::pair<std::int64_t, std::int64_t>& size) const {
  return size == std::pair(kind_.shape[0], kind_.shape[1]);
}

bool ImageFitter::resizes() const { return !sizes_are_kept_ && (options_.resize || options_.resize_to); }
bool ImageFitter::crops(const std::pair<std::int64_t, std::int64_t>& size) const {
  return options_.crop && !sizes_are_kept_ && !(options_.crop_other_sizes_only && has_size(size));
}
/// Height and width before the middle is cut out.
std::pair<std::int64_t, std::int64_t> ImageFitter::size_to_crop(
    const std::pair<std::int64_t, std::int64_t>& size) const {
  if (options_.shorter_side == 0) return size;
  return size_of_shorter_side(size.first, size.second, options_.shorter_side);
}

std::string ImageFitter::because() const {
  return options_.shape ? ", as the model's input " + to_string_batched(*options_.shape) : ", as most images have";
}

bool ImageFitter::is_refused_colour(const formats::ImageHeader& header) const {
  return options_.strict_colour && !is_stored_so(header, kind_);
}

/// Why an image does not become a sample; empty if it does.
std::string ImageFitter::why_unfit(const formats::ImageHeader& header,
                                   const std::pair<std::int64_t, std::int64_t>& size) const {
  if (is_refused_colour(header))
    return fmt::format("{}, not {}", formats::kind_of_image(header), colour_name(kind_.shape[2]));
  if (crops(size)) {
    const auto [height, width] = size_to_crop(size);
    return height >= kind_.shape[0] && width >= kind_.shape[1] ? "" : "too small to crop";
  }
  return has_size(size) || resizes() || sizes_are_kept_ ? "" : "another size";
}

Error ImageFitter::unfit(const ImageFiles::File& file, const formats::ImageHeader& header,
                         const std::pair<std::int64_t, std::int64_t>& size) const {
  Error::Parts parts{.where = files_.place_of(file)};
  if (is_refused_colour(header)) {
    const int bits = kind_.dtype == DType::uint8 ? 8 : 16;
    parts.expected = fmt::format("{} of {} bits{}", colour_name(kind_.shape[2]), bits, because());
    parts.received = formats::kind_of_image(header);
    parts.hint = "Without --color strict it is converted.";
  } else {
    parts.expected = fmt::format("height x width {}{}", size_text(kind_.shape[0], kind_.shape[1]), because());
    parts.received = size_text(size.first, size.second);
    parts.hint = crops(size) ? "A larger --resize N leaves enough to crop."
                             : "Resize the images first, or ask for it (--resize).";
  }
  return Error(std::move(parts));
}

void ImageFitter::fit(FittedImage& result, Tensor pixels) const {
  result.converted = conversions(*result.header, kind_);
  pixels = with_depth(with_channels(std::move(pixels), kind_.shape[2]), kind_.dtype);
  pixels = oriented(std::move(pixels), result.header->orientation);
  if (crops(result.size)) {
    const auto size = size_to_crop(result.size);
    result.resized = size != result.size;
    if (result.resized) pixels = resized(pixels, size.first, size.second, options_.resize_method);
    pixels = centre_crop(pixels, kind_.shape[0], kind_.shape[1]);
  } else if (resizes() && !has_size(result.size)) {
    result.resized = true;
    pixels = resized(pixels, kind_.shape[0], kind_.shape[1], options_.resize_method);
  }
  result.sample = std::move(pixels);
}

}  // namespace evenkeel
