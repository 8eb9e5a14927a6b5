#pragma once

#include <string>

#include "evenkeel/formats/bytes.h"

namespace evenkeel::formats {

/// The kind of a file by its first bytes, whatever its name: "GIF image", "text", "empty file", "unknown bytes". Its
/// first 512 bytes are enough.
std::string kind_of_file(BytesView bytes);

/// "a GIF image", "an empty file"
std::string with_article(const std::string& noun);

}  // namespace evenkeel::formats
