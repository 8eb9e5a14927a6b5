#include "evenkeel/report/page/markup.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "evenkeel/base/number.h"
#include "evenkeel/base/text.h"

namespace evenkeel {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable_lines(text)) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
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
  if (std::isinf(value)) return fmt::format("{}", Number{value});
  const double size = std::abs(value);
  if (size >= 1e6 && size < 1e15 && value == std::round(value)) return fmt::format("{:.0f}", value);
  std::string text = fmt::format("{:.6g}", value);
  const std::size_t e = text.find('e');
  if (e == text.npos) return text;
  // 2.5e-07 as 2.5·10⁻⁷, 1e-07 as 10⁻⁷.
  static constexpr std::array kDigits = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  const std::string mantissa = text.substr(0, e);
  std::string power = text[e + 1] == '-' ? "⁻" : "";
  for (const char c : std::to_string(std::abs(std::stoi(text.substr(e + 1)))))
    power += kDigits[static_cast<std::size_t>(c - '0')];
  return (mantissa == "1" ? "" : mantissa == "-1" ? "-" : mantissa + "·") + "10" + power;
}

}  // namespace evenkeel
