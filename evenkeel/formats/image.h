#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::formats {

/// The most pixels that a decoder accepts: a header that promises more is refused before memory is allocated.
inline constexpr std::int64_t kMaxImagePixels = std::int64_t{1} << 28;

/// The endings of image files, in lower case: ".png", ...
const std::vector<std::string>& image_extensions();

/// A PNG or a JPEG, recognised by its first bytes, whatever its name. png.h and jpeg.h say what it becomes.
Tensor read_image(const std::filesystem::path& path);
/// The same from bytes; `name` is the place that errors report.
Tensor decode_image(BytesView bytes, const std::string& name);

}  // namespace evenkeel::formats
