#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/formats/deflate.h"
#include "evenkeel/formats/file.h"

// Images of kinds that the library reads and does not write.

namespace evenkeel {

/// A chunk of a PNG.
inline formats::Bytes png_chunk(std::string_view type, formats::BytesView data) {
  formats::Bytes chunk;
  formats::append_little(chunk, formats::swapped(static_cast<std::uint32_t>(data.size())));
  formats::append(chunk, formats::view_of(type));
  formats::append(chunk, data);
  const std::uint32_t crc = formats::crc32(formats::BytesView(chunk).subspan(4));
  formats::append_little(chunk, formats::swapped(crc));
  return chunk;
}

inline formats::Bytes raw_bytes(std::initializer_list<int> values) {
  formats::Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

/// What a PNG has beside its size.
struct PngKind {
  int colour = 0;  ///< 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGBA
  int bits = 8;
  formats::Bytes chunks = {};  ///< before the pixels: PLTE, tRNS, eXIf
};

/// A PNG of height x width pixels, each row of which is `row`, as stored.
inline formats::Bytes png_of(const PngKind& kind, std::uint32_t height, std::uint32_t width,
                             const formats::Bytes& row) {
  formats::Bytes header, pixels, stream = raw_bytes({0x78, 0x01});
  formats::append_little(header, formats::swapped(width));
  formats::append_little(header, formats::swapped(height));
  formats::append(header, raw_bytes({kind.bits, kind.colour, 0, 0, 0}));
  for (std::uint32_t y = 0; y < height; ++y) {
    pixels.push_back(std::byte{0});
    formats::append(pixels, row);
  }
  formats::append(stream, formats::deflate(pixels));
  std::uint32_t a = 1, b = 0;  // Adler's sum
  for (const std::byte value : pixels) {
    a = (a + std::to_integer<std::uint32_t>(value)) % 65521;
    b = (b + a) % 65521;
  }
  formats::append_little(stream, formats::swapped(b << 16 | a));
  formats::Bytes png;
  formats::append(png, formats::view_of("\x89PNG\r\n\x1a\n"));
  formats::append(png, png_chunk("IHDR", header));
  formats::append(png, kind.chunks);
  formats::append(png, png_chunk("IDAT", stream));
  formats::append(png, png_chunk("IEND", {}));
  return png;
}

/// An Exif block that says how an image is stored, in either order of bytes.
inline formats::Bytes exif_block(int orientation, bool little = true) {
  return little ? raw_bytes({'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0})
                : raw_bytes({'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0});
}

/// A JPEG with an Exif block after its first marker.
inline formats::Bytes with_exif(const formats::Bytes& jpeg, int orientation) {
  const formats::Bytes block = exif_block(orientation);
  formats::Bytes segment = raw_bytes({0xff, 0xe1, 0, static_cast<int>(block.size()) + 8, 'E', 'x', 'i', 'f', 0, 0});
  formats::append(segment, block);
  formats::Bytes result(jpeg.begin(), jpeg.begin() + 2);
  formats::append(result, segment);
  formats::append(result, formats::BytesView(jpeg).subspan(2));
  return result;
}

/// A JPEG whose header claims so many bits.
inline formats::Bytes with_jpeg_depth(formats::Bytes jpeg, int bits) {
  for (std::size_t i = 0; i + 4 < jpeg.size(); ++i)
    if (jpeg[i] == std::byte{0xff} && (jpeg[i + 1] == std::byte{0xc0} || jpeg[i + 1] == std::byte{0xc2})) {
      jpeg[i + 4] = static_cast<std::byte>(bits);
      break;
    }
  return jpeg;
}

/// One of the images beside the tests of formats.
inline formats::Bytes image_fixture(const std::string& name) {
  return formats::read_file(std::filesystem::path(EVENKEEL_SOURCE_DIR) / "tests/formats/fixtures" / name);
}

/// Writes a file, in a folder that is made if need be.
inline void put_file(const std::filesystem::path& path, formats::BytesView bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
}
inline void put_file(const std::filesystem::path& path, std::string_view text) {
  put_file(path, formats::view_of(text));
}

}  // namespace evenkeel
