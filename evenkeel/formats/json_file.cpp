#include "evenkeel/formats/json_file.h"

#include <fmt/format.h>

#include <utility>

#include "evenkeel/base/error.h"
#include "evenkeel/base/limits.h"
#include "evenkeel/base/text.h"
#include "evenkeel/formats/file.h"

namespace evenkeel::formats {
namespace {

using Json = nlohmann::ordered_json;

/// The same with texts and keys in UTF-8.
Json in_utf8(const Json& json) {
  if (json.is_string()) return printable(json.get_ref<const std::string&>());
  if (!json.is_structured()) return json;
  Json result = json.is_array() ? Json::array() : Json::object();
  for (const auto& [key, value] : json.items())
    if (json.is_array())
      result.push_back(in_utf8(value));
    else
      result[printable(key)] = in_utf8(value);
  return result;
}

}  // namespace

void check_nesting_of_json(std::string_view text, const std::string& where) {
  std::size_t depth = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text && c == '\\')
      ++i;
    else if (c == '"')
      in_text = !in_text;
    else if (!in_text && (c == '[' || c == '{') && ++depth > limits::kNesting)
      throw Error{{.where = where,
                   .expected = fmt::format("JSON of at most {} levels", limits::kNesting),
                   .received = "more levels"}};
    else if (!in_text && (c == ']' || c == '}') && depth > 0)
      --depth;
  }
}

Json parse_json(std::string_view text, const std::string& where) {
  check_nesting_of_json(text, where);
  return Json::parse(text, nullptr, false);
}

Json read_json(const std::filesystem::path& path) {
  const Bytes bytes = read_file(path);
  return parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
}

std::int64_t whole_number(const Json& object, const char* key, std::int64_t low, std::int64_t high,
                          const std::string& where) {
  const auto found = object.find(key);
  if (found != object.end() && found->is_number_integer()) {
    const bool fits = !found->is_number_unsigned() || std::in_range<std::int64_t>(found->get<std::uint64_t>());
    const auto number = found->get<std::int64_t>();
    if (fits && number >= low && number <= high) return number;
  }
  throw Error{{.where = fmt::format("{}: \"{}\"", where, key),
               .expected = fmt::format("a whole number from {} to {}", low, high),
               .received = found == object.end() ? "none" : shortened(json_text(*found), 40)}};
}

std::string json_text(const Json& json, int indent) {
  try {
    return printable_json(json.dump(indent));
  } catch (const Json::type_error&) {
    return printable_json(in_utf8(json).dump(indent));
  }
}

}  // namespace evenkeel::formats
