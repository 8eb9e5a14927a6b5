#include "evenkeel/config/settings.h"

#include <algorithm>
#include <stdexcept>

namespace evenkeel {
namespace {

/// The keys of a group while it is built, each with the descriptions of its owners.
struct Shared {
  SettingKey key;
  std::vector<std::string> owners = {}, helps = {};
  std::vector<SettingKey> as_owned = {};
};

/// "help"; or "step: help" if not all structs of the group have the key, with a help for each that differs.
std::string help_of(const Shared& shared, std::size_t owners_in_group) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < shared.helps.size(); ++i) {
    if (std::ranges::find(shared.helps.begin(), shared.helps.begin() + static_cast<std::ptrdiff_t>(i),
                          shared.helps[i]) != shared.helps.begin() + static_cast<std::ptrdiff_t>(i))
      continue;
    std::vector<std::string> owners;
    for (std::size_t j = i; j < shared.helps.size(); ++j)
      if (shared.helps[j] == shared.helps[i] && !shared.owners[j].empty()) owners.push_back(shared.owners[j]);
    const bool all = owners.empty() || owners.size() == owners_in_group;
    texts.push_back(all ? shared.helps[i] : join(owners) + ": " + shared.helps[i]);
  }
  return join(texts, "; ");
}

/// The value as the first owner that accepts it reads it.
FieldValue read_by_any(const std::vector<SettingKey>& owners, const FieldValue& value) {
  for (const SettingKey& key : owners) try {
      return key.read(value);
    } catch (const Error&) {
      if (&key == &owners.back()) return owners.front().read(value);
    }
  return value;
}

}  // namespace

Settings::Settings(std::initializer_list<Setting> settings) {
  for (const Setting& setting : settings) set(setting);
}

const Setting* Settings::find(std::string_view key) const {
  const auto found = std::ranges::find(settings_, key, &Setting::key);
  return found == settings_.end() ? nullptr : &*found;
}

void Settings::set(Setting setting) {
  const auto found = std::ranges::find(settings_, setting.key, &Setting::key);
  if (found == settings_.end())
    settings_.push_back(std::move(setting));
  else
    *found = std::move(setting);
}

void Settings::erase(std::string_view key) {
  std::erase_if(settings_, [&](const Setting& setting) { return setting.key == key; });
}

bool Settings::operator==(const Settings& other) const {
  return settings_.size() == other.settings_.size() && std::ranges::all_of(settings_, [&](const Setting& setting) {
           const Setting* same = other.find(setting.key);
           return same && same->value == setting.value;
         });
}

void settings_detail::refuse_kind(const Setting& setting, const std::string& kind) {
  const Error error{{.where = '"' + setting.key + '"', .expected = kind, .received = to_string(setting.value)}};
  if (setting.where.empty()) throw error;
  throw error.inside(setting.where);
}

const SettingKey* SettingKeys::find(std::string_view key) const {
  const auto found = std::ranges::find(keys_, key, &SettingKey::name);
  return found == keys_.end() ? nullptr : &*found;
}

std::vector<std::string> SettingKeys::names() const {
  std::vector<std::string> names;
  for (const SettingKey& key : keys_) names.push_back(key.name);
  return names;
}

SettingKeys& SettingKeys::without_default(const std::string& key) {
  std::ranges::find(keys_, key, &SettingKey::name)->defaults.clear();
  return *this;
}

void SettingKeys::add_key(SettingKey key) {
  if (find(key.name)) throw std::logic_error("two settings are named " + key.name);
  keys_.push_back(std::move(key));
}

void SettingKeys::add_group(const std::vector<Owner>& owners) {
  std::vector<Shared> group;
  const auto named = [&](const std::string& name) {
    return std::ranges::find_if(group, [&](const Shared& shared) { return shared.key.name == name; });
  };
  for (const Owner& owner : owners)
    for (std::size_t i = 0; i < owner.keys.size(); ++i) {
      const SettingKey& key = owner.keys[i];
      auto place = named(key.name);
      if (place == group.end()) {
        // Before the next key that is there already. So keys that all structs have at the end stay at the end.
        for (std::size_t next = i + 1; next < owner.keys.size() && place == group.end(); ++next)
          place = named(owner.keys[next].name);
        place = group.insert(place, Shared{.key = key});
      }
      if (place->key.kind != key.kind) throw std::logic_error("two kinds of values for the setting " + key.name);
      place->owners.push_back(owner.name);
      place->helps.push_back(key.help);
      place->as_owned.push_back(key);
    }
  for (Shared& shared : group) {
    shared.key.help = help_of(shared, owners.size());
    const bool one_range =
        std::ranges::all_of(shared.as_owned, [&](const SettingKey& owned) { return owned.range == shared.key.range; });
    if (!one_range) shared.key.range = kAnyNumber;
    shared.key.defaults.clear();
    for (const SettingKey& owned : shared.as_owned)
      shared.key.defaults.insert(shared.key.defaults.end(), owned.defaults.begin(), owned.defaults.end());
    if (shared.as_owned.size() > 1)
      shared.key.read = [as_owned = shared.as_owned](const FieldValue& value) { return read_by_any(as_owned, value); };
    add_key(shared.key);
  }
}

Settings SettingKeys::checked(const Settings& settings) const {
  for (const Setting& setting : settings.all())
    if (!find(setting.key)) throw unknown_name(setting.where, "key", setting.key, names());
  Settings result;
  for (const SettingKey& key : keys_)
    if (const Setting* setting = settings.find(key.name))
      settings_detail::from(setting->where, [&] {
        result.set({.key = key.name, .value = key.read(setting->value), .where = setting->where});
      });
  return result;
}

const SettingKeys::Names& SettingKeys::Choice::fields_of(const Settings& settings) const {
  const Setting* chosen = settings.find(key);
  const std::string name = chosen ? *settings.get<std::string>(key) : fallback;
  return std::ranges::find(fields, name, &std::pair<std::string, Names>::first)->second;
}

Settings SettingKeys::overridden(Settings settings, const Settings& by) const {
  settings = checked(settings);
  const Settings over = checked(by);
  for (const Choice& choice : choices_) {
    if (!over.has(choice.key)) continue;
    const Names &before = choice.fields_of(settings), &after = choice.fields_of(over);
    for (const std::string& name : before)
      if (std::ranges::find(after, name) == after.end()) settings.erase(name);
  }
  for (const Names& group : alternatives_)
    if (std::ranges::any_of(group, [&](const std::string& name) { return over.has(name); }))
      for (const std::string& name : group) settings.erase(name);
  for (const Setting& setting : over.all()) settings.set(setting);
  return checked(settings);
}

}  // namespace evenkeel
