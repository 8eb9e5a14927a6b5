#include "evenkeel/formats/json_file.h"

#include "evenkeel/formats/file.h"

namespace evenkeel::formats {

nlohmann::ordered_json read_json(const std::filesystem::path& path) {
  const Bytes bytes = read_file(path);
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  return nlohmann::ordered_json::parse(text, text + bytes.size(), nullptr, false);
}

}  // namespace evenkeel::formats
