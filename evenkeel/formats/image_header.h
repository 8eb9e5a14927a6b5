#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "evenkeel/formats/bytes.h"

namespace evenkeel::formats {

/// What a PNG or a JPEG states before its pixels.
struct ImageHeader {
  enum class Colour { gray, rgb, palette, ink };  ///< ink: CMYK

  std::int64_t height = 0, width = 0;  ///< as stored, before the orientation is applied
  Colour colour = Colour::gray;
  bool alpha = false;   ///< an alpha channel, or transparent colours
  int bits = 8;         ///< of a channel value; for a palette, of an index
  int orientation = 1;  ///< Exif's, 1 to 8; 1: as stored
};

/// Recognises the kind by the first bytes.
bool is_png(BytesView bytes);
bool is_jpeg(BytesView bytes);

/// Reads the segments of a JPEG or the chunks of a PNG. Nothing for other files, or if the file ends before the sizes.
std::optional<ImageHeader> image_header(BytesView bytes);

/// "gray", "RGB + alpha", "palette", "1-bit gray", "16-bit RGB", "CMYK"
std::string kind_of_image(const ImageHeader& header);

/// Whether a PNG or a JPEG ends before its end mark.
bool is_cut_short(BytesView bytes);

}  // namespace evenkeel::formats
