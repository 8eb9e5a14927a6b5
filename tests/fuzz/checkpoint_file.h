#pragma once

#include <nlohmann/json.hpp>

#include "evenkeel/formats/crc32c.h"
#include "evenkeel/formats/safetensors.h"
#include "evenkeel/nn/weights_file.h"
#include "tests/fuzz/fuzz.h"

namespace evenkeel::fuzz {

inline std::string sum_of(formats::BytesView bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (int shift = 28; shift >= 0; shift -= 4) hex += kDigits[formats::crc32c(bytes) >> shift & 15];
  return hex;
}

/// Writes a checkpoint with the format and all sums put right, so that damage reaches what lies after those checks.
inline void write_mended(const std::filesystem::path& path, formats::SafetensorsFile& file) {
  auto& metadata = file.metadata;
  metadata.erase("crc32c");
  metadata["format"] = kCheckpointFormat;
  std::string all;
  for (const auto& [key, value] : metadata) all.append(key).append(1, '\0').append(value).append(1, '\0');
  nlohmann::json sums{{"", sum_of(formats::view_of(all))}};
  std::vector<formats::SafetensorsEntry> entries;
  for (const auto& [name, tensor] : file.tensors) {
    sums[name] = sum_of({tensor.data(), tensor.bytes()});
    entries.push_back({name, tensor});
  }
  metadata["crc32c"] = sums.dump();
  formats::write_safetensors(path, entries, metadata);
}

}  // namespace evenkeel::fuzz
