#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "evenkeel/config/choice.h"
#include "evenkeel/config/fields.h"

// A table of settings, as a [training] table or flags give it, and the keys that it may have. The keys are derived from
// the fields of the options structs that the settings fill in: each is described there, and nowhere else.

namespace evenkeel {

/// A key with its value.
struct Setting {
  std::string key;
  FieldValue value;
  std::string where = {};  ///< for errors: "model.toml:14: [training]"; empty for a flag, or C++
};

/// The settings that were given, in their order. Keys that were not given are not in it.
class Settings {
 public:
  Settings() = default;
  Settings(std::initializer_list<Setting> settings);

  const std::vector<Setting>& all() const { return settings_; }
  bool empty() const { return settings_.empty(); }
  /// nullptr if there is none.
  const Setting* find(std::string_view key) const;
  bool has(std::string_view key) const { return find(key) != nullptr; }
  /// Nothing where the key is absent. Throws Error where its value is of another kind.
  template <class T>
  std::optional<T> get(std::string_view key) const;

  /// Replaces the old value, in its place, if there is one.
  void set(Setting setting);
  void erase(std::string_view key);

  /// The same keys with the same values, in any order, wherever they come from.
  bool operator==(const Settings& other) const;

 private:
  std::vector<Setting> settings_;
};

/// A key that settings may have.
struct SettingKey {
  std::string name, help;
  std::string kind;  ///< "a whole number"
  Range range = {};  ///< that of its fields; any number if they differ
  std::vector<std::string> choices = {};
  /// The default of an absent key, by the struct that has it ("adam"; "" for a struct without a name). Absent if there
  /// is none.
  std::vector<std::pair<std::string, FieldValue>> defaults = {};
  /// The value as its field holds it: a 1 becomes 1.0 if the field is a floating-point number. Throws Error (where =
  /// the key) if no struct that has the key accepts the value.
  std::function<FieldValue(const FieldValue&)> read;
};

/// The keys of a table.
class SettingKeys {
 public:
  /// The keys of options structs that may be filled in together. Structs with the same key share it.
  template <class... Options>
  SettingKeys& add();
  /// A key that chooses one of a variant's structs by its name, and the keys of all of them.
  template <class Chosen>
  SettingKeys& add_choice(const std::string& key, const std::string& help, const Chosen& fallback);

  /// Set if the key has no default while it is absent, whatever its field's default is.
  SettingKeys& without_default(const std::string& key);

  const std::vector<SettingKey>& all() const { return keys_; }
  /// nullptr if there is none.
  const SettingKey* find(std::string_view key) const;
  std::vector<std::string> names() const;

  /// The settings in the order of the keys, with their values as `SettingKey::read` returns them. Throws Error, which
  /// says where the setting stands, for an unknown key (with the nearest one) and for a value that does not fit.
  Settings checked(const Settings& settings) const;

  /// The settings with those of `by` put over them. If `by` makes another choice, keys that only the old choice has are
  /// removed. Of settings that exclude each other, those of `by` replace the others.
  Settings overridden(Settings settings, const Settings& by) const;

 private:
  using Names = std::vector<std::string>;
  /// One of a group's structs.
  struct Owner {
    std::string name;  ///< by which a choice knows it; may be empty
    std::vector<SettingKey> keys;
  };
  struct Choice {
    std::string key, fallback;
    std::vector<std::pair<std::string, Names>> fields;  ///< by name
    const Names& fields_of(const Settings& settings) const;
  };

  template <class T>
  Owner owner();
  void add_key(SettingKey key);
  void add_group(const std::vector<Owner>& owners);

  std::vector<SettingKey> keys_;
  std::vector<Choice> choices_;
  std::vector<Names> alternatives_;
};

/// Sets the fields of `options` that the settings name. Throws Error, which says where the setting stands.
template <class T>
void fill_in(T& options, const Settings& settings);

/// What the settings choose by `key`, else `fallback`; its fields are set from all settings that belong to any of the
/// variant's structs. Throws Error where the settings choose something unknown, or set a field that the chosen struct
/// does not have.
template <class Chosen>
Chosen chosen_by(const Settings& settings, const std::string& key, const Chosen& fallback);

// Implementation.

namespace settings_detail {

/// Runs `f`; puts `where` before an Error that it throws.
template <class F>
void from(const std::string& where, F&& f) {
  try {
    f();
  } catch (const Error& error) {
    if (where.empty()) throw;
    throw error.inside(where);
  }
}

[[noreturn]] void refuse_kind(const Setting& setting, const std::string& kind);

}  // namespace settings_detail

template <class T>
std::optional<T> Settings::get(std::string_view key) const {
  const Setting* setting = find(key);
  if (!setting) return {};
  T value{};
  if (!convert(setting->value, value)) settings_detail::refuse_kind(*setting, kind_of(value));
  return value;
}

template <class T>
SettingKeys::Owner SettingKeys::owner() {
  Owner owner;
  if constexpr (requires { T::kType; }) owner.name = T::kType;
  for (const auto& field : fields_of<T>().all()) {
    owner.keys.push_back({.name = field.name,
                          .help = field.help,
                          .kind = field.kind,
                          .range = field.range,
                          .choices = field.choices,
                          .read = [&field](const FieldValue& value) {
                            T options;
                            field.set(options, value);
                            const FieldValue read = field.get(options);
                            return std::holds_alternative<std::monostate>(read) ? value : read;
                          }});
    if (const FieldValue value = field.get(T{}); !std::holds_alternative<std::monostate>(value))
      owner.keys.back().defaults = {{owner.name, value}};
  }
  const auto& more = fields_of<T>().alternatives();
  alternatives_.insert(alternatives_.end(), more.begin(), more.end());
  return owner;
}

template <class... Options>
SettingKeys& SettingKeys::add() {
  add_group({owner<Options>()...});
  return *this;
}

template <class Chosen>
SettingKeys& SettingKeys::add_choice(const std::string& key, const std::string& help, const Chosen& fallback) {
  const auto read = [key](const FieldValue& value) {
    std::string name;
    if (!convert(value, name))
      throw Error{{.where = '"' + key + '"', .expected = kind_of(name), .received = to_string(value)}};
    return FieldValue(checked_name<Chosen>(key, name));
  };
  add_key({.name = key,
           .help = help + ": " + join(choice_names<Chosen>()),
           .kind = kind_of(std::string()),
           .choices = choice_names<Chosen>(),
           .defaults = {{"", name_of(fallback)}},
           .read = read});
  Choice choice{.key = key, .fallback = name_of(fallback), .fields = {}};
  for (const auto& [name, chosen] : choices(Chosen()))
    choice.fields.emplace_back(name, std::visit([]<class T>(const T&) { return fields_of<T>().names(); }, chosen));
  choices_.push_back(std::move(choice));
  [&]<class... Options>(const std::variant<Options...>&) { add_group({owner<Options>()...}); }(fallback);
  return *this;
}

template <class T>
void fill_in(T& options, const Settings& settings) {
  for (const Setting& setting : settings.all())
    if (const auto* field = fields_of<T>().find(setting.key))
      settings_detail::from(setting.where, [&] { field->set(options, setting.value); });
}

template <class Chosen>
Chosen chosen_by(const Settings& settings, const std::string& key, const Chosen& fallback) {
  Chosen chosen = fallback;
  if (const Setting* choice = settings.find(key))
    settings_detail::from(choice->where,
                          [&] { chosen = chosen_by_name<Chosen>(key, *settings.get<std::string>(key)); });
  for (const Setting& setting : settings.all())
    if (some_have_field(chosen, setting.key))
      settings_detail::from(setting.where, [&] { set_field(chosen, setting.key, setting.value); });
  return chosen;
}

}  // namespace evenkeel
