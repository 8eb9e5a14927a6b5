#include "evenkeel/formats/toml_nesting.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/base/limits.h"

namespace evenkeel::formats {
namespace {

/// The position after the string or comment that begins at `at`; `at` itself if none does.
std::size_t after_text(std::string_view toml, std::size_t at) {
  const char c = toml[at];
  if (c == '#') return std::min(toml.find('\n', at), toml.size());
  if (c != '"' && c != '\'') return at;
  const std::string_view delimiter = toml.substr(at, 3);
  const bool is_long = delimiter == "\"\"\"" || delimiter == "'''";
  for (std::size_t i = at + (is_long ? 3 : 1); i < toml.size(); ++i) {
    if (c == '"' && toml[i] == '\\') {
      ++i;
    } else if (is_long) {
      if (toml.substr(i, 3) == delimiter) return i + 3;
    } else if (toml[i] == c || toml[i] == '\n') {
      return i + 1;
    }
  }
  return toml.size();
}

/// The levels at a place: those of brackets, and in each of them the dots of the key.
class Levels {
 public:
  void open() { keys_.push_back(0); }
  void close() {
    if (keys_.size() == 1) return;
    dots_ -= keys_.back();
    keys_.pop_back();
  }
  void dot() { ++keys_.back(), ++dots_; }
  void end_key() {
    dots_ -= keys_.back();
    keys_.back() = 0;
  }
  std::size_t count() const { return keys_.size() - 1 + dots_; }

 private:
  std::vector<std::size_t> keys_ = {0};  ///< the dots of the key at each level of brackets
  std::size_t dots_ = 0;                 ///< of all of them
};

}  // namespace

void check_nesting_of_toml(std::string_view text, const std::string& where) {
  Levels levels;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (const std::size_t end = after_text(text, i); end > i) {
      i = end - 1;
      continue;
    }
    switch (text[i]) {
      case '[':
      case '{': levels.open(); break;
      case ']':
      case '}': levels.close(); break;
      case '.': levels.dot(); break;
      case ',':
      case '\n': levels.end_key(); break;
      default: break;
    }
    if (levels.count() > limits::kNesting)
      throw Error{
          {.where = fmt::format("{}:{}", where, 1 + std::count(text.begin(), text.begin() + std::ptrdiff_t(i), '\n')),
           .expected = fmt::format("at most {} levels of tables and lists", limits::kNesting),
           .received = "more"}};
  }
}

}  // namespace evenkeel::formats
