#include "evenkeel/base/text.h"

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

}  // namespace

bool same_name(std::string_view a, std::string_view b) { return a == b || letters_of_name(a) == letters_of_name(b); }

std::string nearest(std::string_view wanted, std::span<const std::string> known) {
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

std::string printable(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string result;
  while (!text.empty()) {
    const auto first = static_cast<unsigned char>(text[0]);
    const bool is_control = first < 0x20 || first == 0x7f;
    const std::size_t length = is_control ? 0 : character_length(text);
    if (length == 0) result.append({'\\', 'x', kDigits[first >> 4], kDigits[first & 15]});
    result += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
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
