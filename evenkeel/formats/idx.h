#pragma once

#include <filesystem>
#include <string>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::formats {

/// Reads an idx file (LeCun's MNIST format), plain or gzip: uint8, int32 (big-endian), float32 and float64 elements,
/// any rank up to Shape::kMaxRank. The sizes in the header must match the bytes exactly.
Tensor read_idx(const std::filesystem::path& path);
/// The same from inflated bytes; `name` is the place that errors report.
Tensor decode_idx(BytesView bytes, const std::string& name);

}  // namespace evenkeel::formats
