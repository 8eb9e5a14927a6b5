#include "evenkeel/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace evenkeel {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

/// Damerau's distance in its restricted form (no letter is edited twice): "mnsit" is one swap away from "mnist".
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

std::string letters_of_name(std::string_view text) {
  std::string result = lower(text);
  std::erase_if(result, [](char c) { return c == '_' || c == '-'; });
  return result;
}

/// The length of the UTF-8 character at the beginning; 0 if there is none. Overlong forms and surrogates are not
/// characters.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  const unsigned second = byte(1);
  const bool wrong = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                     (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return wrong ? 0 : length;
}

/// Of a character's valid UTF-8.
std::uint32_t code_point(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  std::uint32_t code = character.size() == 1 ? first : first & (0x7f >> character.size());
  for (const char c : character.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3f);
  return code;
}

/// Controls of ASCII and Latin-1 (terminals obey both), line separators, marks and overrides of the direction, and what
/// XML 1.0 has no characters for.
bool is_hidden(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff ||
         (code & 0xfffe) == 0xfffe;
}

std::string escape_of_character(std::uint32_t code) {
  return code > 0xffff ? fmt::format("\\U{:08x}", code) : fmt::format("\\u{:04x}", code);
}

std::string escape_of_byte(std::uint32_t byte) { return fmt::format("\\x{:02x}", byte); }

/// Each character through `character(text, code)`, each byte that is part of none through `byte(value)`.
template <class Character, class Byte>
std::string each_character(std::string_view text, Character character, Byte byte) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string_view next = text.substr(0, std::max<std::size_t>(length, 1));
    result += length == 0 ? byte(static_cast<unsigned char>(text[0])) : character(next, code_point(next));
    text.remove_prefix(next.size());
  }
  return result;
}

std::string printable_except(std::string_view text, std::string_view kept) {
  const auto character = [&](std::string_view c, std::uint32_t code) {
    if (!is_hidden(code) || (c.size() == 1 && kept.find(c[0]) != kept.npos)) return std::string(c);
    return c.size() == 1 ? escape_of_byte(code) : escape_of_character(code);
  };
  return each_character(text, character, escape_of_byte);
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) { return a == b || letters_of_name(a) == letters_of_name(b); }

std::string nearest(std::string_view wanted, std::span<const std::string> known) {
  constexpr std::size_t kLongest = 200;  // the time grows with the product of the lengths
  if (wanted.size() > kLongest) return {};
  const std::string spelled = lower(wanted);
  std::size_t best = (wanted.size() + 2) / 3 + 1;
  std::string result;
  for (const std::string& name : known) {
    const std::size_t distance = edit_distance(spelled, lower(name));
    if (distance < best && distance < name.size()) {
      best = distance;
      result = name;
    }
  }
  return result;
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (&part != parts.data()) text += separator;
    text += part;
  }
  return text;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(at, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string printable(std::string_view text) { return printable_except(text, ""); }

std::string printable_lines(std::string_view text) { return printable_except(text, "\n\t"); }

std::string toml_string(std::string_view text) {
  const auto character = [](std::string_view c, std::uint32_t code) {
    if (is_hidden(code)) return escape_of_character(code);
    return c == "\"" || c == "\\" ? '\\' + std::string(c) : std::string(c);
  };
  const auto byte = [](std::uint32_t value) { return '\\' + escape_of_byte(value); };
  return '"' + each_character(text, character, byte) + '"';
}

std::string printable_json(std::string_view json) {
  // Mostly numbers, and sometimes many.
  if (std::ranges::all_of(json, [](char c) { return c >= 0 && c < 0x7f; })) return std::string(json);
  const auto character = [](std::string_view c, std::uint32_t code) {
    if (code < 0x7f || !is_hidden(code)) return std::string(c);
    if (code <= 0xffff) return fmt::format("\\u{:04x}", code);
    return fmt::format("\\u{:04x}\\u{:04x}", 0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));  // as UTF-16
  };
  return each_character(json, character, escape_of_byte);
}

std::string csv_cell(std::string_view text) {
  const std::string cell = printable(text);
  if (cell.find_first_of(",\"") == cell.npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

std::string shortened(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
  return std::string(text.substr(0, bytes)) + "... (" +
         with_commas(std::ssize(text) - static_cast<std::ptrdiff_t>(bytes)) + " more bytes)";
}

std::string without_credentials(std::string_view url) {
  constexpr std::string_view kMark = "://";
  const std::size_t mark = url.find(kMark);
  if (mark == url.npos) return std::string(url);
  const std::size_t host = mark + kMark.size();
  const std::string_view authority = url.substr(host, url.find_first_of("/?#", host) - host);
  const std::size_t at = authority.rfind('@');
  if (at == authority.npos) return std::string(url);
  return std::string(url.substr(0, host)) + std::string(url.substr(host + at + 1));
}

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t indent) {
  if (width == 0) return std::string(text);
  std::string lines, gap;
  std::size_t used = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    const std::size_t after = std::min(text.find_first_not_of(' ', end), text.size());
    if (used > 0 && used + gap.size() + characters_in(word) > width) {
      lines += '\n' + std::string(indent, ' ');
      used = indent;
    } else {
      lines += gap;
      used += gap.size();
    }
    lines += word;
    used += characters_in(word);
    gap = text.substr(end, after - end);
    begin = after;
  }
  return lines;
}

std::string with_commas(std::int64_t value) {
  std::string digits = std::to_string(value);
  for (auto i = std::ssize(digits) - 3; i > (value < 0 ? 1 : 0); i -= 3)
    digits.insert(static_cast<std::size_t>(i), 1, ',');
  return digits;
}

std::string as_sentence(std::string clause) {
  if (!clause.empty() && clause[0] >= 'a' && clause[0] <= 'z') clause[0] = static_cast<char>(clause[0] - 'a' + 'A');
  return clause + '.';
}

}  // namespace evenkeel
