#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

namespace evenkeel::formats {

/// The file's JSON, keys in their order; discarded (is_discarded()) if the text is not JSON. Throws Error where the
/// file cannot be read.
nlohmann::ordered_json read_json(const std::filesystem::path& path);

}  // namespace evenkeel::formats
