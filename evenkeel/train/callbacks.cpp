#include "evenkeel/train/callbacks.h"

#include <algorithm>
#include <tuple>

#include "evenkeel/train/callbacks/early_stopping.h"
#include "evenkeel/train/callbacks/model_checkpoint.h"
#include "evenkeel/train/callbacks/reduce_lr_on_plateau.h"
#include "evenkeel/train/callbacks/terminate_on_nan.h"

namespace evenkeel {
namespace {

/// One line each; they are called in this order.
using AskedFor = std::tuple<EarlyStopping,      //
                            ModelCheckpoint,    //
                            ReduceLROnPlateau,  //
                            TerminateOnNaN>;
constexpr const AskedFor* kCallbacks = nullptr;  // for its types

/// Whether the key is there and is not `false`.
bool is_on(const Settings& settings, std::string_view key) {
  const Setting* setting = settings.find(key);
  return setting && setting->value != FieldValue(false);
}

/// The settings that turn on callbacks which have this key.
template <class... T>
std::vector<std::string> owners_of(const std::string& key, const std::tuple<T...>*) {
  std::vector<std::string> owners;
  const auto add = [&](bool has_it, std::string_view owner) {
    if (has_it) owners.emplace_back(owner);
  };
  (add(fields_of<typename T::Options>().find(key) != nullptr, T::kSetting), ...);
  return owners;
}

/// Throws Error if a key of callbacks is set, but none of those that have it is turned on.
void refuse_idle_keys(const Settings& settings) {
  for (const Setting& setting : settings.all()) {
    const std::vector<std::string> owners = owners_of(setting.key, kCallbacks);
    const auto is_on_here = [&](const std::string& owner) { return is_on(settings, owner); };
    if (owners.empty() || !is_on(settings, setting.key) || std::ranges::any_of(owners, is_on_here)) continue;
    settings_detail::from(setting.where, [&] {
      throw Error{{.where = '"' + setting.key + '"',
                   .expected = '"' + join(owners, "\" or \"") + "\" with it",
                   .received = "none"}};
    });
  }
}

/// Sets the figure to watch, if the callback watches one.
template <class Options>
void choose_monitor(Options& options, const Settings& settings, const CallbackContext& context) {
  if constexpr (requires { options.monitor; }) {
    if (!settings.has("monitor")) options.monitor = context.has_validation ? "val_loss" : "loss";
    if (options.monitor.starts_with("val_") && !context.has_validation)
      throw Error{{.where = "\"monitor\"",
                   .expected = "validation data with it",
                   .received = options.monitor,
                   .hint = "Give validation data, or monitor \"loss\"."}};
  }
}

template <class T>
void add_if_asked_for(std::vector<Callback>& callbacks, const Settings& settings, const CallbackContext& context) {
  if (!is_on(settings, T::kSetting)) return;
  typename T::Options options;
  fill_in(options, settings);
  choose_monitor(options, settings, context);
  if constexpr (requires { options.file; }) {
    options.file = context.best;
    options.metadata = context.metadata;
  }
  callbacks.emplace_back(T(std::move(options)));
}

}  // namespace

void describe_callbacks(SettingKeys& keys) {
  [&]<class... T>(const std::tuple<T...>*) {
    keys.add<typename T::Options...>();
    (keys.without_default(std::string(T::kSetting)), ...);
  }(kCallbacks);
}

bool judge_epochs(const Settings& settings) {
  return [&]<class... T>(const std::tuple<T...>*) {
    return ((requires(typename T::Options o) { o.monitor; } && is_on(settings, T::kSetting)) || ...);
  }(kCallbacks);
}

std::vector<Callback> callbacks_of(const Settings& settings, const CallbackContext& context) {
  refuse_idle_keys(settings);
  std::vector<Callback> callbacks;
  [&]<class... T>(const std::tuple<T...>*) { (add_if_asked_for<T>(callbacks, settings, context), ...); }(kCallbacks);
  return callbacks;
}

}  // namespace evenkeel
