#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/formats/source.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::formats {

/// Decodes a .npy file (versions 1 to 3; C order; little-endian or single-byte float32, float64, uint8, int32, int64,
/// and bool as uint8; int8, int16, uint16 are widened to int32, uint32 and uint64 to int64 where every value fits,
/// float16 to float32). `name` is the place that errors report. Fortran order and big-endian elements are errors that
/// say what to do.
Tensor decode_npy(BytesView bytes, const std::string& name);
/// The same from what is left in `in`.
Tensor decode_npy(Reader& in);
Tensor read_npy(const std::filesystem::path& path);

/// An array of texts (NumPy's U and S), element by element, as UTF-8.
struct TextArray {
  std::vector<std::string> texts;
  Shape shape;
};
/// As decode_npy, but also accepts texts.
std::variant<Tensor, TextArray> decode_npy_or_texts(Reader& in);

Bytes encode_npy(TensorView tensor);
/// What comes before the elements: 64 bytes, or a multiple of 64.
Bytes encode_npy_header(TensorView tensor);
/// Replaces `path` atomically.
void write_npy(const std::filesystem::path& path, TensorView tensor);

}  // namespace evenkeel::formats
