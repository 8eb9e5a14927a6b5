#include "evenkeel/train/callbacks.h"

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

/// How many callbacks of the list have a key.
template <class... T>
int owners_of(const std::string& key, const std::tuple<T...>*) {
  return (static_cast<int>(fields_of<typename T::Options>().find(key) != nullptr) + ...);
}

/// Throws Error if a callback's own key is set but the callback is not turned on.
template <class T>
void refuse_own_keys(const Settings& settings) {
  for (const auto& field : fields_of<typename T::Options>().all())
    if (is_on(settings, field.name) && owners_of(field.name, kCallbacks) == 1)
      throw Error{{.where = '"' + field.name + '"',
                   .expected = '"' + std::string(T::kSetting) + "\" with it",
                   .received = "none"}};
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
  if (!is_on(settings, T::kSetting)) return refuse_own_keys<T>(settings);
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

std::vector<Callback> callbacks_of(const Settings& settings, const CallbackContext& context) {
  std::vector<Callback> callbacks;
  [&]<class... T>(const std::tuple<T...>*) { (add_if_asked_for<T>(callbacks, settings, context), ...); }(kCallbacks);
  return callbacks;
}

}  // namespace evenkeel
