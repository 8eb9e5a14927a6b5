#pragma once

#include <filesystem>
#include <string>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::formats {

/// A PNG as uint8 [height, width, channels]: 1 (gray), 2 (gray, alpha), 3 (RGB) or 4 (RGBA) channels as the file has
/// them; palettes are expanded, transparent colours become an alpha channel, fewer than 8 bits are widened. 16 bits
/// become float32 from 0 to 65535. Values stay as they are stored: the file's gamma is not
/// applied. At most kMaxImagePixels.
Tensor read_png(const std::filesystem::path& path);
/// The same from bytes; `name` is the place that errors report.
Tensor decode_png(BytesView bytes, const std::string& name);

/// uint8 [height, width, 1, 2, 3 or 4].
Bytes encode_png(TensorView image);
/// Replaces `path` atomically.
void write_png(const std::filesystem::path& path, TensorView image);

}  // namespace evenkeel::formats
