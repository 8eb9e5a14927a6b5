#include "evenkeel/formats/image_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <string_view>

namespace evenkeel::formats {
namespace {

constexpr std::size_t kPngSignature = 8;

std::string_view as_text(BytesView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Numbers of a block in one of the two orders; 0 where it is too short.
struct Block {
  BytesView bytes;
  bool little = false;

  template <std::unsigned_integral T>
  T at(std::size_t offset) const {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return 0;
    const T value = load_little<T>(bytes.data() + offset);
    return little ? value : swapped(value);
  }
};

/// The orientation in the first directory of an Exif block, which is a TIFF file without an image.
int orientation_of(BytesView exif) {
  constexpr std::uint16_t kTag = 0x0112;
  constexpr std::size_t kEntry = 12;
  Block block{exif, as_text(exif).starts_with("II")};
  if (!block.little && !as_text(exif).starts_with("MM")) return 1;
  const std::size_t directory = block.at<std::uint32_t>(4);
  const std::size_t entries = block.at<std::uint16_t>(directory);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntry;
    if (entry + kEntry > exif.size()) return 1;
    if (block.at<std::uint16_t>(entry) != kTag) continue;
    const int value = block.at<std::uint16_t>(entry + 8);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

/// Calls `visit` with type and data of each chunk until it returns false. Returns whether that or the end was reached.
template <class F>
bool walk_png(BytesView bytes, F&& visit) {
  const Block block{bytes};
  for (std::size_t chunk = kPngSignature; chunk + 12 <= bytes.size();) {
    const std::size_t length = block.at<std::uint32_t>(chunk);
    if (length > bytes.size() - chunk - 12) return false;
    const std::string_view type = as_text(bytes.subspan(chunk + 4, 4));
    if (!visit(type, bytes.subspan(chunk + 8, length)) || type == "IEND") return true;
    chunk += 12 + length;
  }
  return false;
}

std::optional<ImageHeader> png_header(BytesView bytes) {
  std::optional<ImageHeader> header;
  walk_png(bytes, [&](std::string_view type, BytesView data) {
    if (type == "IHDR" && data.size() >= 10) {
      const Block block{data};
      const auto colour = std::to_integer<int>(data[9]);
      header = ImageHeader{.height = block.at<std::uint32_t>(4), .width = block.at<std::uint32_t>(0)};
      header->colour = colour == 3                  ? ImageHeader::Colour::palette
                       : colour >= 2 && colour != 4 ? ImageHeader::Colour::rgb
                                                    : ImageHeader::Colour::gray;
      header->alpha = colour >= 4;
      header->bits = std::to_integer<int>(data[8]);
    } else if (header && type == "tRNS") {
      header->alpha = true;
    } else if (header && type == "eXIf") {
      header->orientation = orientation_of(data);
    }
    return true;
  });
  return header;
}

bool is_frame(int marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/// Restarts, and TEM.
bool has_no_length(int marker) { return (marker >= 0xd0 && marker <= 0xd7) || marker == 1; }

/// Calls `visit` with marker and data of each segment before the first scan. Returns where the scan begins. It passes
/// over bytes that belong to no segment, and reads a length below 2 as 2, as libjpeg does.
template <class F>
std::size_t walk_jpeg(BytesView bytes, F&& visit) {
  constexpr int kEndOfImage = 0xd9, kStartOfScan = 0xda;
  const Block block{bytes};
  std::size_t at = 2;
  while (at + 4 <= bytes.size()) {
    const int marker = bytes[at] == std::byte{0xff} ? std::to_integer<int>(bytes[at + 1]) : 0;
    if (marker == 0 || marker == 0xff || has_no_length(marker)) {
      at += has_no_length(marker) ? 2 : 1;
      continue;
    }
    if (marker == kStartOfScan || marker == kEndOfImage) return at;
    const std::size_t length = std::max<std::size_t>(block.at<std::uint16_t>(at + 2), 2);
    if (length > bytes.size() - at - 2) return at;
    visit(marker, bytes.subspan(at + 4, length - 2));
    at += 2 + length;
  }
  return at;
}

std::optional<ImageHeader> jpeg_header(BytesView bytes) {
  std::optional<ImageHeader> header;
  int orientation = 1;
  walk_jpeg(bytes, [&](int marker, BytesView data) {
    constexpr std::string_view kExif("Exif\0\0", 6);
    if (is_frame(marker) && data.size() >= 6 && !header) {
      const Block block{data};
      const int components = std::to_integer<int>(data[5]);
      header = ImageHeader{.height = block.at<std::uint16_t>(1), .width = block.at<std::uint16_t>(3)};
      header->bits = std::to_integer<int>(data[0]);
      header->colour = components == 1   ? ImageHeader::Colour::gray
                       : components == 3 ? ImageHeader::Colour::rgb
                                         : ImageHeader::Colour::ink;
    } else if (marker == 0xe1 && as_text(data).starts_with(kExif)) {
      orientation = orientation_of(data.subspan(kExif.size()));
    }
  });
  if (header) header->orientation = orientation;
  return header;
}

}  // namespace

bool is_png(BytesView bytes) { return as_text(bytes).starts_with("\x89PNG"); }

bool is_jpeg(BytesView bytes) { return as_text(bytes).starts_with("\xff\xd8"); }

std::optional<ImageHeader> image_header(BytesView bytes) {
  if (is_png(bytes)) return png_header(bytes);
  if (is_jpeg(bytes)) return jpeg_header(bytes);
  return {};
}

std::string kind_of_image(const ImageHeader& header) {
  if (header.colour == ImageHeader::Colour::ink) return "CMYK";
  if (header.colour == ImageHeader::Colour::palette) return header.alpha ? "palette + alpha" : "palette";
  const std::string depth = header.bits == 8 ? "" : fmt::format("{}-bit ", header.bits);
  return depth + (header.colour == ImageHeader::Colour::gray ? "gray" : "RGB") + (header.alpha ? " + alpha" : "");
}

bool is_cut_short(BytesView bytes) {
  if (is_png(bytes)) return !walk_png(bytes, [](std::string_view, BytesView) { return true; });
  if (!is_jpeg(bytes)) return false;
  constexpr std::string_view kEnd = "\xff\xd9";
  const std::size_t scan = std::min(walk_jpeg(bytes, [](int, BytesView) {}), bytes.size());
  return as_text(bytes.subspan(scan)).find(kEnd) == std::string_view::npos;
}

}  // namespace evenkeel::formats
