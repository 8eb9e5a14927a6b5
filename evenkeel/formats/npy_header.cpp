#include "evenkeel/formats/npy_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "evenkeel/base/error.h"

namespace evenkeel::formats {
namespace {

class Parser {
 public:
  Parser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  NpyHeader header() {
    NpyHeader header;
    std::set<std::string> keys;
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      if (!keys.insert(key).second) fail();
      if (key == "descr")
        header.descr = descr();
      else if (key == "fortran_order")
        header.fortran_order = boolean();
      else if (key == "shape")
        header.shape = tuple();
      else
        fail();
      if (!accept(',') && next() != '}') fail();
    }
    if (next() != '\0' || keys.size() != 3) fail();
    return header;
  }

 private:
  [[noreturn]] void fail() const {
    constexpr std::size_t kShown = 80;
    std::string shown(text_.substr(0, kShown));
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    throw Error{{.where = where_,
                 .expected = "a npy header with descr, fortran_order and shape",
                 .received = fmt::format("{} (not understood from position {})", shown, position_),
                 .hint = "The file is damaged or was not written by numpy.save."}};
  }

  /// The next character that is not white space; 0 at the end.
  char next() {
    while (position_ < text_.size() && (text_[position_] == ' ' || text_[position_] == '\n')) ++position_;
    return position_ < text_.size() ? text_[position_] : '\0';
  }
  bool accept(char c) {
    const bool found = next() == c;
    if (found) ++position_;
    return found;
  }
  void expect(char c) {
    if (!accept(c)) fail();
  }

  std::string string() {
    const char quote = next();
    if (quote != '\'' && quote != '"') fail();
    const std::size_t end = text_.find(quote, position_ + 1);
    if (end == std::string_view::npos) fail();
    std::string value(text_.substr(position_ + 1, end - position_ - 1));
    position_ = end + 1;
    return value;
  }

  std::string descr() {
    if (next() != '[') return string();
    // A list of fields: no tensor can hold it, so only its end is looked for.
    int depth = 0;
    do {
      const char c = next();
      if (c == '\0') fail();
      depth += (c == '[') - (c == ']');
      ++position_;
    } while (depth > 0);
    return "structured";
  }

  bool boolean() {
    next();
    for (const std::string_view word : {"True", "False"})
      if (text_.substr(position_, word.size()) == word) {
        position_ += word.size();
        return word == "True";
      }
    fail();
  }

  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> sizes;
    expect('(');
    while (!accept(')')) {
      sizes.push_back(integer());
      if (!accept(',') && next() != ')') fail();
    }
    return sizes;
  }

  std::int64_t integer() {
    next();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text_.data() + position_, text_.data() + text_.size(), value);
    if (error != std::errc()) fail();
    position_ = static_cast<std::size_t>(end - text_.data());
    accept('L');  // Python 2 marked its long integers.
    return value;
  }

  std::string_view text_;
  const std::string& where_;
  std::size_t position_ = 0;
};

}  // namespace

NpyHeader parse_npy_header(std::string_view text, const std::string& where) { return Parser(text, where).header(); }

}  // namespace evenkeel::formats
