#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/config/precision.h"
#include "evenkeel/config/sizes.h"

// The fields of an options struct, described once. The TOML reader and its errors, the model file's writer, run.json
// and `summary` all read this description.

namespace evenkeel {

/// A field's value as model files, flags and JSON spell it; std::monostate where an optional field is absent.
using FieldValue = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::int64_t>,
                                std::vector<double>>;

/// As TOML writes it: true, 3, 0.5, "same", [3, 3]; numbers in the shortest form that reads back as the same number.
/// "none" for an absent value, which TOML leaves out.
std::string to_string(const FieldValue& value);

// Conversions between a field's C++ type and FieldValue. `convert` returns false if the kind of value does not fit. A
// new field type needs these three; kind_of is what an error says was expected.
bool convert(const FieldValue& from, bool& to);
bool convert(const FieldValue& from, std::int64_t& to);
bool convert(const FieldValue& from, std::uint64_t& to);
bool convert(const FieldValue& from, double& to);
bool convert(const FieldValue& from, std::string& to);
bool convert(const FieldValue& from, std::vector<std::int64_t>& to);  ///< one number is a list of one
bool convert(const FieldValue& from, std::vector<double>& to);
bool convert(const FieldValue& from, Size2D& to);
bool convert(const FieldValue& from, Padding& to);
bool convert(const FieldValue& from, Precision& to);
FieldValue field_value(bool value);
FieldValue field_value(std::int64_t value);
FieldValue field_value(std::uint64_t value);
FieldValue field_value(double value);
FieldValue field_value(const std::string& value);
FieldValue field_value(const std::vector<std::int64_t>& value);
FieldValue field_value(const std::vector<double>& value);
FieldValue field_value(Size2D value);
FieldValue field_value(Padding value);
FieldValue field_value(Precision value);
std::string kind_of(bool);
std::string kind_of(std::int64_t);
std::string kind_of(std::uint64_t);
std::string kind_of(double);
std::string kind_of(const std::string&);
std::string kind_of(const std::vector<std::int64_t>&);
std::string kind_of(const std::vector<double>&);
std::string kind_of(Size2D);
std::string kind_of(Padding);
std::string kind_of(Precision);

/// The values that a field with few values may have, as files spell them. Empty for all other fields.
template <class M>
std::vector<std::string> choices_of(const M&) {
  return {};
}
std::vector<std::string> choices_of(Padding);
std::vector<std::string> choices_of(Precision);

// Optional fields, of every type above.
template <class M>
bool convert(const FieldValue& from, std::optional<M>& to) {
  to.reset();
  return std::holds_alternative<std::monostate>(from) || convert(from, to.emplace());
}
template <class M>
FieldValue field_value(const std::optional<M>& value) {
  return value ? field_value(*value) : FieldValue();
}
template <class M>
std::string kind_of(const std::optional<M>&) {
  return kind_of(M{});
}
template <class M>
std::vector<std::string> choices_of(const std::optional<M>&) {
  return choices_of(M{});
}

/// "Did you mean "relu"?", if the value is nearly one of the names in the text of what was expected; else empty.
std::string meant(const std::string& expected, const FieldValue& value);

/// The parts of a text of the form "name" or "name(0.5)"; the name in small letters.
struct NamedNumber {
  std::string name;
  std::optional<double> number;
};
/// Nothing where the text has another form, or the number is not finite.
std::optional<NamedNumber> parse_named_number(const std::string& text);

/// The range that a number must be in. Both ends belong to it unless they are marked as open.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;

  bool holds(double value) const;  ///< false for what is not finite
  std::string text() const;        ///< "a number of at least 1", "a number in [0, 1)"
  bool operator==(const Range&) const = default;
};
inline constexpr Range kAnyNumber{};
inline constexpr Range kPositive{.low = 0, .low_open = true};
inline constexpr Range kNotNegative{.low = 0};
inline constexpr Range kAtLeastOne{.low = 1};
inline constexpr Range kFraction{.low = 0, .high = 1, .high_open = true};  ///< [0, 1)
inline constexpr Range kUnit{.low = 0, .high = 1};                         ///< [0, 1]

/// A kind with the range of its numbers: "a whole number of at least 1", "a list of numbers, each in [0, 1]".
std::string accepted(const std::string& kind, const Range& range);

/// The description of T's fields, in order.
template <class T>
class Fields {
 public:
  struct Field {
    std::string name, help;
    std::string kind;  ///< "a whole number"
    Range range = {};  ///< of the number, or of each of a list
    std::vector<std::string> choices = {};
    std::function<FieldValue(const T&)> get;
    /// Sets the field; throws Error (where = the key) unless the value fits.
    std::function<void(T&, const FieldValue&)> set;
  };

  template <class M>
  Fields& add(const std::string& name, M T::*member, const std::string& help, Range range = kAnyNumber) {
    fields_.push_back({.name = name,
                       .help = help,
                       .kind = kind_of(M{}),
                       .range = range,
                       .choices = choices_of(M{}),
                       .get = [member](const T& options) { return field_value(options.*member); },
                       .set =
                           [=](T& options, const FieldValue& value) {
                             M converted{};
                             if (!convert(value, converted)) refuse(name, kind_of(M{}), value);
                             if (!in_range(converted, range)) refuse(name, range.text(), value);
                             options.*member = converted;
                           }});
    return *this;
  }

  /// What the options are for: a sentence or two for a reference.
  Fields& about(std::string text) {
    about_ = std::move(text);
    return *this;
  }
  const std::string& about() const { return about_; }

  /// A key without a member: settings that contain it ask for a T.
  Fields& add_switch(const std::string& name, const std::string& help) {
    fields_.push_back({.name = name,
                       .help = help,
                       .kind = kind_of(bool()),
                       .get = [](const T&) { return FieldValue(); },
                       .set =
                           [name](T&, const FieldValue& value) {
                             bool asked = false;
                             if (!convert(value, asked)) refuse(name, kind_of(bool()), value);
                           }});
    return *this;
  }

  /// At most one of these fields may be set; later settings that set another of them replace it.
  Fields& at_most_one_of(std::vector<std::string> names) {
    alternatives_.push_back(std::move(names));
    return *this;
  }

  const std::vector<Field>& all() const { return fields_; }
  const std::vector<std::vector<std::string>>& alternatives() const { return alternatives_; }
  const Field* find(std::string_view name) const {
    for (const Field& field : fields_)
      if (field.name == name) return &field;
    return nullptr;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Field& field : fields_) names.push_back(field.name);
    return names;
  }

 private:
  /// Only numbers have a range: an optional one if it is set, each number of a list.
  template <class M>
  static bool in_range(const M& value, const Range& range) {
    if constexpr (std::is_arithmetic_v<M> && !std::same_as<M, bool>) return range.holds(static_cast<double>(value));
    return true;
  }
  template <class M>
  static bool in_range(const std::optional<M>& value, const Range& range) {
    return !value || in_range(*value, range);
  }

  template <class M>
  static bool in_range(const std::vector<M>& list, const Range& range) {
    return std::ranges::all_of(list, [&](const M& value) { return in_range(value, range); });
  }

  [[noreturn]] static void refuse(const std::string& name, const std::string& expected, const FieldValue& value) {
    throw Error{{.where = '"' + name + '"',
                 .expected = expected,
                 .received = to_string(value),
                 .hint = meant(expected, value)}};
  }

  std::string about_;
  std::vector<Field> fields_;
  std::vector<std::vector<std::string>> alternatives_;
};

/// The error of options that exclude each other.
Error more_than_one(const std::vector<std::string>& names, int set);

/// The error of an unknown name: it lists the known ones and says which was likely meant.
Error unknown_name(const std::string& where, std::string_view what, std::string_view name,
                   const std::vector<std::string>& known);

/// T's description, made once. T::describe(Fields<T>&) adds the fields.
template <class T>
const Fields<T>& fields_of() {
  static const Fields<T> fields = [] {
    Fields<T> made;
    T::describe(made);
    return made;
  }();
  return fields;
}

/// Names and values of all fields, or of those that differ from the default.
template <class T>
std::vector<std::pair<std::string, FieldValue>> settings_of(const T& options, bool only_changed = false) {
  std::vector<std::pair<std::string, FieldValue>> settings;
  const T defaults{};
  for (const auto& field : fields_of<T>().all())
    if (!only_changed || field.get(options) != field.get(defaults))
      settings.emplace_back(field.name, field.get(options));
  return settings;
}

/// For options set in C++: throws Error, as a reader of files would, where a value is out of its range or options that
/// exclude each other are set.
template <class T>
void check_fields(const T& options) {
  T copy = options;
  const T defaults{};
  const Fields<T>& fields = fields_of<T>();
  for (const auto& field : fields.all()) field.set(copy, field.get(options));
  for (const auto& names : fields.alternatives()) {
    const auto set = std::ranges::count_if(names, [&](const std::string& name) {
      return fields.find(name)->get(options) != fields.find(name)->get(defaults);
    });
    if (set > 1) throw more_than_one(names, static_cast<int>(set));
  }
}

}  // namespace evenkeel
