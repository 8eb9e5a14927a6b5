#include "evenkeel/report/markup.h"

#include <fmt/format.h>

#include <cmath>

namespace evenkeel {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

std::string marked_up(std::string_view text) {
  std::string out;
  while (true) {
    const std::size_t begin = text.find('`'), end = begin == text.npos ? begin : text.find('`', begin + 1);
    if (end == text.npos) return out + escaped(text);
    out += escaped(text.substr(0, begin)) + "<code>" + escaped(text.substr(begin + 1, end - begin - 1)) + "</code>";
    text.remove_prefix(end + 1);
  }
}

std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '`') out += c;
  return escaped(out);
}

std::string readable(double value) {
  if (std::isnan(value)) return "none";
  const bool is_large_and_whole = std::abs(value) >= 1e6 && std::abs(value) < 1e15 && value == std::round(value);
  return is_large_and_whole ? fmt::format("{:.0f}", value) : fmt::format("{:.6g}", value);
}

std::string with_commas(long long n) {
  return n < 1000 ? std::to_string(n) : fmt::format("{},{:03}", with_commas(n / 1000), n % 1000);
}

}  // namespace evenkeel
