#pragma once

#include <filesystem>
#include <string>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::formats {

/// A JPEG (baseline or progressive, 8 bits) as uint8 [height, width, channels]: 1 from gray, 3 (RGB) from colour. CMYK
/// is refused, and so are files that libjpeg-turbo would read with a warning: those cut short or damaged. Pixels stay
/// as they are stored: an Exif orientation (image_header.h) and a colour profile are not applied. At most
/// kMaxImagePixels.
Tensor read_jpeg(const std::filesystem::path& path);
/// The same from bytes; `name` is the place that errors report.
Tensor decode_jpeg(BytesView bytes, const std::string& name);

}  // namespace evenkeel::formats
