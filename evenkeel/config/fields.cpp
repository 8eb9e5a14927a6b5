#include "evenkeel/config/fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>

#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

// No real window is larger, and arithmetic on such sizes cannot overflow.
constexpr std::int64_t kLargestSide = 65536;

bool is_side(std::int64_t n) { return n >= 1 && n <= kLargestSide; }
bool is_padding(std::int64_t n) { return n >= 0 && n <= kLargestSide; }

}  // namespace

std::string to_string(const FieldValue& value) {
  struct Text {
    std::string operator()(std::monostate) const { return "none"; }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const {
      if (std::isnan(v)) return "nan";
      std::string text = fmt::format("{}", v);
      if (std::isfinite(v) && text.find_first_of(".e") == std::string::npos) text += ".0";
      return text;
    }
    std::string operator()(const std::string& v) const { return toml_string(v); }
    std::string operator()(const std::vector<std::int64_t>& v) const { return fmt::format("[{}]", fmt::join(v, ", ")); }
    std::string operator()(const std::vector<double>& v) const {
      std::vector<std::string> texts;
      for (const double element : v) texts.push_back((*this)(element));
      return fmt::format("[{}]", fmt::join(texts, ", "));
    }
  };
  return std::visit(Text{}, value);
}

bool convert(const FieldValue& from, bool& to) {
  const bool* v = std::get_if<bool>(&from);
  if (v) to = *v;
  return v != nullptr;
}

bool convert(const FieldValue& from, std::int64_t& to) {
  const std::int64_t* v = std::get_if<std::int64_t>(&from);
  if (v) to = *v;
  return v != nullptr;
}

bool convert(const FieldValue& from, std::uint64_t& to) {
  const std::int64_t* v = std::get_if<std::int64_t>(&from);
  if (v) to = static_cast<std::uint64_t>(*v);
  return v && *v >= 0;
}

bool convert(const FieldValue& from, double& to) {
  if (const std::int64_t* v = std::get_if<std::int64_t>(&from)) {
    to = static_cast<double>(*v);
    return true;
  }
  const double* v = std::get_if<double>(&from);
  if (v) to = *v;
  return v != nullptr;
}

bool convert(const FieldValue& from, std::string& to) {
  const std::string* v = std::get_if<std::string>(&from);
  if (v) to = *v;
  return v != nullptr;
}

bool convert(const FieldValue& from, std::vector<std::int64_t>& to) {
  if (const std::int64_t* v = std::get_if<std::int64_t>(&from)) {
    to = {*v};
    return true;
  }
  const auto* v = std::get_if<std::vector<std::int64_t>>(&from);
  if (v) to = *v;
  return v != nullptr;
}

bool convert(const FieldValue& from, std::vector<double>& to) {
  if (double one = 0; convert(from, one)) {
    to = {one};
    return true;
  }
  const auto* v = std::get_if<std::vector<double>>(&from);
  if (v) to = *v;
  if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&from)) {
    to.assign(whole->begin(), whole->end());
    return true;
  }
  return v != nullptr;
}

bool convert(const FieldValue& from, Size2D& to) {
  if (const std::int64_t* v = std::get_if<std::int64_t>(&from)) {
    to = Size2D(*v);
    return is_side(*v);
  }
  const auto* v = std::get_if<std::vector<std::int64_t>>(&from);
  if (!v || v->size() != 2) return false;
  to = Size2D((*v)[0], (*v)[1]);
  return is_side(to.h) && is_side(to.w);
}

bool convert(const FieldValue& from, Padding& to) {
  if (const std::string* v = std::get_if<std::string>(&from)) {
    to = same_name(*v, "same") ? Padding::same : Padding::valid;
    return same_name(*v, "same") || same_name(*v, "valid");
  }
  std::vector<std::int64_t> sides;
  if (!convert(from, sides) || !std::ranges::all_of(sides, is_padding)) return false;
  if (sides.size() == 1 && std::holds_alternative<std::int64_t>(from))
    to = Padding(sides[0]);
  else if (sides.size() == 2)
    to = Padding(sides[0], sides[1]);
  else if (sides.size() == 4)
    to = Padding(sides[0], sides[1], sides[2], sides[3]);
  else
    return false;
  return true;
}

bool convert(const FieldValue& from, Precision& to) {
  const std::string* v = std::get_if<std::string>(&from);
  for (const Precision precision : {Precision::float32, Precision::bfloat16})
    if (v && same_name(*v, name_of(precision))) {
      to = precision;
      return true;
    }
  return false;
}

FieldValue field_value(bool value) { return value; }
FieldValue field_value(std::int64_t value) { return value; }
FieldValue field_value(std::uint64_t value) { return static_cast<std::int64_t>(value); }
FieldValue field_value(double value) { return value; }
FieldValue field_value(const std::string& value) { return value; }
FieldValue field_value(const std::vector<std::int64_t>& value) { return value; }
FieldValue field_value(const std::vector<double>& value) { return value; }
FieldValue field_value(Size2D value) {
  if (value.h == value.w) return value.h;
  return std::vector<std::int64_t>{value.h, value.w};
}
FieldValue field_value(Precision value) { return std::string(name_of(value)); }
FieldValue field_value(Padding value) {
  if (value == Padding::same) return std::string("same");
  if (value == Padding::valid) return std::string("valid");
  if (value.top != value.bottom || value.left != value.right)
    return std::vector<std::int64_t>{value.top, value.bottom, value.left, value.right};
  if (value.top != value.left) return std::vector<std::int64_t>{value.top, value.left};
  return value.top;
}

std::string kind_of(bool) { return "true or false"; }
std::string kind_of(std::int64_t) { return "a whole number"; }
std::string kind_of(std::uint64_t) { return "a whole number of at least 0"; }
std::string kind_of(double) { return "a number"; }
std::string kind_of(const std::string&) { return "a text"; }
std::string kind_of(const std::vector<std::int64_t>&) { return "a list of whole numbers"; }
std::string kind_of(const std::vector<double>&) { return "a list of numbers"; }
std::string kind_of(Size2D) {
  return fmt::format("a whole number or [height, width], each from 1 to {}", kLargestSide);
}
std::string kind_of(Precision) { return "\"float32\" or \"bfloat16\""; }
std::string kind_of(Padding) {
  return fmt::format(
      "\"same\", \"valid\", a whole number, [height, width] or [top, bottom, left, right], each from 0 to {}",
      kLargestSide);
}

std::vector<std::string> choices_of(Padding) { return {"same", "valid"}; }
std::vector<std::string> choices_of(Precision) { return {"float32", "bfloat16"}; }

std::string accepted(const std::string& kind, const Range& range) {
  if (range == kAnyNumber) return kind;
  constexpr std::string_view kNumber = "a number";
  return kind + (kind.starts_with("a list") ? ", each" : "") + range.text().substr(kNumber.size());
}

Error more_than_one(const std::vector<std::string>& names, int set) {
  const std::vector<std::string> first(names.begin(), names.end() - 1);
  return Error{{.where = {},
                .expected = fmt::format("at most one of {} and {}", join(first), names.back()),
                .received = fmt::format("{} of them", set)}};
}

Error unknown_name(const std::string& where, std::string_view what, std::string_view name,
                   const std::vector<std::string>& known) {
  const std::string near = nearest(name, known);
  return Error{{.where = where,
                .received = fmt::format("unknown {} {}", what, toml_string(std::string(name))),
                .hint = fmt::format("Known: {}.{}", join(known),
                                    near.empty() ? "" : fmt::format(" Did you mean \"{}\"?", near))}};
}

std::string meant(const std::string& expected, const FieldValue& value) {
  const std::string* text = std::get_if<std::string>(&value);
  if (!text) return {};
  std::vector<std::string> names(1);
  for (const char c : expected)
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')
      names.back() += c;
    else
      names.emplace_back();
  const std::string near = nearest(text->substr(0, text->find('(')), names);
  return near.size() < 3 ? "" : fmt::format("Did you mean \"{}\"?", near);
}

std::optional<NamedNumber> parse_named_number(const std::string& spelled) {
  std::string text = spelled;
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  const std::size_t open = text.find('(');
  if (open == std::string::npos) return NamedNumber{.name = text, .number = {}};
  if (text.back() != ')') return {};
  const char *begin = text.data() + open + 1, *end = text.data() + text.size() - 1;
  double number = 0;
  const auto [rest, failure] = std::from_chars(begin, end, number);
  if (failure != std::errc() || rest != end || !std::isfinite(number)) return {};
  return NamedNumber{.name = text.substr(0, open), .number = number};
}

bool Range::holds(double value) const {
  if (!std::isfinite(value)) return false;
  return (low_open ? value > low : value >= low) && (high_open ? value < high : value <= high);
}

std::string Range::text() const {
  if (std::isinf(high) && std::isinf(low)) return "a finite number";
  if (std::isinf(high)) return fmt::format("a number {} {:g}", low_open ? "above" : "of at least", low);
  return fmt::format("a number in {}{:g}, {:g}{}", low_open ? '(' : '[', low, high, high_open ? ')' : ']');
}

}  // namespace evenkeel
