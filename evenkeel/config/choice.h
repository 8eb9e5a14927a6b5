#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/config/fields.h"

// One of several options structs: an optimizer, a schedule, a loss. The variant is the one list of them. Each struct
// has a kType, the name by which files choose it, and describes its fields. If it has further names, its `static
// std::vector<std::pair<std::string, T>> presets()` lists them, each with the options it stands for.

namespace evenkeel {

template <class T>
concept HasPresets = requires {
  T::presets();
};

/// Every name that chooses one of the variant's structs, with what it chooses.
template <class... Options>
std::vector<std::pair<std::string, std::variant<Options...>>> choices(const std::variant<Options...>&) {
  std::vector<std::pair<std::string, std::variant<Options...>>> all;
  const auto add = [&]<class T>(const T& defaults) {
    all.emplace_back(T::kType, defaults);
    if constexpr (HasPresets<T>)
      for (const auto& [name, options] : T::presets()) all.emplace_back(name, options);
  };
  (add(Options{}), ...);
  return all;
}

/// The same names alone.
template <class Chosen>
std::vector<std::string> choice_names() {
  std::vector<std::string> names;
  for (const auto& [name, chosen] : choices(Chosen())) names.push_back(name);
  return names;
}

/// The known name that `wanted` means (base/text.h: same_name). Throws Error, which lists the known names, if there is
/// none; `what` is the setting, for the error.
template <class Chosen>
std::string checked_name(const std::string& what, const std::string& wanted) {
  const std::vector<std::string> names = choice_names<Chosen>();
  for (const std::string& name : names)
    if (same_name(name, wanted)) return name;
  const std::string near = nearest(wanted, names);
  throw Error{{.where = what,
               .expected = "one of " + join(names),
               .received = '"' + wanted + '"',
               .hint = near.empty() ? "" : "Did you mean \"" + near + "\"?"}};
}

/// The struct of that name, with its defaults. Throws Error as checked_name does.
template <class Chosen>
Chosen chosen_by_name(const std::string& what, const std::string& wanted) {
  const std::string name = checked_name<Chosen>(what, wanted);
  const auto all = choices(Chosen());
  return std::ranges::find(all, name, [](const auto& choice) { return choice.first; })->second;
}

/// Its kType.
template <class... Options>
std::string name_of(const std::variant<Options...>& chosen) requires requires {
  (Options::kType, ...);
}
{
  return std::visit([]<class T>(const T&) { return std::string(T::kType); }, chosen);
}

/// Names and values of the chosen struct's fields.
template <class... Options>
std::vector<std::pair<std::string, FieldValue>> settings_of(const std::variant<Options...>& chosen) {
  return std::visit([](const auto& options) { return settings_of(options, false); }, chosen);
}

/// Whether any struct of the variant has a field of this name.
template <class... Options>
bool some_have_field(const std::variant<Options...>&, const std::string& name) {
  return ((fields_of<Options>().find(name) != nullptr) || ...);
}

/// Sets a field by name. Throws Error where the chosen struct has no field of that name, or the value is out of range.
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

/// For options set in C++: throws Error where a value is out of the range that files must keep, or where values do not
/// go together (if the struct has a `check()`, that decides).
template <class... Options>
void check_fields(const std::variant<Options...>& chosen) {
  const auto check = [](const auto& options) {
    check_fields(options);
    if constexpr (requires { options.check(); }) options.check();
  };
  try {
    std::visit(check, chosen);
  } catch (const Error& error) {
    throw error.inside('"' + name_of(chosen) + '"');
  }
}

}  // namespace evenkeel
