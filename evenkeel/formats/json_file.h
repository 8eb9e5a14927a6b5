#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace evenkeel::formats {

/// The text's JSON, keys in their order; discarded (is_discarded()) if the text is not JSON. Throws Error with `where`
/// if it is nested deeper than limits::kNesting: what walks it may call itself for each level.
nlohmann::ordered_json parse_json(std::string_view text, const std::string& where);
/// The same of a file. Throws Error where the file cannot be read.
nlohmann::ordered_json read_json(const std::filesystem::path& path);
/// Throws as parse_json does; for JSON that is parsed in another way.
void check_nesting_of_json(std::string_view text, const std::string& where);

/// A whole number of an object, in [low, high]. Throws Error, with `where` and the key, where there is another or none.
std::int64_t whole_number(const nlohmann::ordered_json& object, const char* key, std::int64_t low, std::int64_t high,
                          const std::string& where);

/// JSON as text for a file or a terminal, indented by so many blanks; a negative indent: on one line. What is not UTF-8
/// in keys and texts becomes printable ("\\xe9"). NaN and infinities are null.
std::string json_text(const nlohmann::ordered_json& json, int indent = -1);

}  // namespace evenkeel::formats
