#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::formats {

/// The most pixels that a decoder accepts: a header that promises more is refused before memory is allocated.
inline constexpr std::int64_t kMaxImagePixels = std::int64_t{1} << 28;

/// A PNG or a JPEG, recognised by its first bytes, whatever its name. png.h and jpeg.h say what it becomes.
Tensor read_image(const std::filesystem::path& path);
/// The same from bytes; `name` is the place that errors report.
Tensor decode_image(BytesView bytes, const std::string& name);

/// Why a file gives no image, in a few words that can be counted: "GIF image", "empty file", "CMYK JPEG", "cut short".
std::string why_no_image(BytesView bytes);

}  // namespace evenkeel::formats
