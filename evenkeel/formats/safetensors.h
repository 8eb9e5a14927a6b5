#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::formats {

struct SafetensorsFile {
  std::vector<std::pair<std::string, Tensor>> tensors;  ///< in the order of their offsets
  std::map<std::string, std::string> metadata;          ///< the content of "__metadata__"

  const Tensor* find(const std::string& name) const;  ///< nullptr if there is none
  void add(std::string name, Tensor tensor);

 private:
  std::unordered_map<std::string, std::size_t> places_;  ///< of the tensors, by name
};

/// F32, F64, U8, I32, I64 and BOOL (as uint8); F16 and BF16 are widened to float32, I8, I16 and U16 to int32, U32 and
/// U64 to int64 where every value fits. The tensors must fill the buffer exactly, without gaps or overlaps, and their
/// names must be unique.
SafetensorsFile read_safetensors(const std::filesystem::path& path);
/// The same from bytes; `name` is the place that errors report.
SafetensorsFile decode_safetensors(BytesView bytes, const std::string& name);

struct SafetensorsEntry {
  std::string name;
  TensorView tensor;
};
/// Replaces `path` atomically. Tensors are laid out by the size of their elements, wider first, else in the given
/// order. So each begins at a multiple of its element's size, and the first at a multiple of 8. Throws Error where a
/// name occurs twice or is not UTF-8.
void write_safetensors(const std::filesystem::path& path, const std::vector<SafetensorsEntry>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace evenkeel::formats
