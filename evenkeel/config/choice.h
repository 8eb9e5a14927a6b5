#pragma once

#include <concepts>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/config/fields.h"

// One of several options structs: an optimizer, a schedule, a loss. Each struct has a kType, by which errors call it,
// and describes its fields.

namespace evenkeel {

/// Names and values of the chosen one's fields.
template <class... Options>
std::vector<std::pair<std::string, FieldValue>> settings_of(const std::variant<Options...>& chosen) {
  return std::visit([](const auto& options) { return settings_of(options, false); }, chosen);
}

template <class... Options>
bool has_field(const std::variant<Options...>& chosen, const std::string& name) {
  return std::visit([&]<class T>(const T&) { return fields_of<T>().find(name) != nullptr; }, chosen);
}

/// Whether any of those that could be chosen has it.
template <class... Options>
bool some_have_field(const std::variant<Options...>&, const std::string& name) {
  return ((fields_of<Options>().find(name) != nullptr) || ...);
}

/// Sets a field by name. Throws Error where the chosen one has none of that name, or the value is out of range.
template <class... Options>
void set_field(std::variant<Options...>& chosen, const std::string& name, const FieldValue& value) {
  std::visit(
      [&]<class T>(T& options) {
        const auto* field = fields_of<T>().find(name);
        if (!field)
          throw Error{{.where = '"' + std::string(T::kType) + '"',
                       .received = "it has no \"" + name + '"',
                       .hint = fields_of<T>().names().empty() ? "" : "Known: " + join(fields_of<T>().names()) + '.'}};
        field->set(options, value);
      },
      chosen);
}

/// Throws Error where an option set in C++ is out of the range that files are held to.
template <class... Options>
void check_fields(const std::variant<Options...>& chosen) {
  std::visit([](const auto& options) { check_fields(options); }, chosen);
}

}  // namespace evenkeel
