#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::formats {

struct SafetensorsFile {
  std::vector<std::pair<std::string, Tensor>> tensors;  ///< in the order of their offsets
  std::map<std::string, std::string> metadata;          ///< of "__metadata__"

  const Tensor* find(const std::string& name) const;  ///< nullptr if there is none
};

/// F32, F64, U8, I32, I64 and BOOL (as uint8); F16 and BF16 are widened to float32, I8, I16 and U16 to int32, U32 and
/// U64 to int64 where every value fits. Offsets must tile the buffer exactly, names be unique.
SafetensorsFile read_safetensors(const std::filesystem::path& path);
/// The same from bytes; `name` is where in errors.
SafetensorsFile decode_safetensors(BytesView bytes, const std::string& name);

struct SafetensorsEntry {
  std::string name;
  TensorView tensor;
};
/// Replaces `path` atomically. Tensors are laid out in the given order, wider elements first, so that each begins at a
/// multiple of its element's size; the first at a multiple of 8. Throws Error where a name occurs twice or is not
/// UTF-8.
void write_safetensors(const std::filesystem::path& path, const std::vector<SafetensorsEntry>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace evenkeel::formats
