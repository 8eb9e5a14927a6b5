#include "evenkeel/train/settings.h"

#include "evenkeel/train/callbacks.h"

namespace evenkeel {
namespace {

/// The same settings, checked, without the places they come from.
template <class Chosen>
Chosen checked_choice(const Settings& settings, const std::string& key, const Chosen& fallback) {
  Chosen chosen = chosen_by(settings, key, fallback);
  check_fields(chosen);
  return chosen;
}

/// The fields that are not absent.
template <class T>
void put_fields(const T& options, Settings& settings) {
  for (const auto& [key, value] : settings_of(options))
    if (!std::holds_alternative<std::monostate>(value)) settings.set({key, value});
}

template <class Chosen>
void put_choice(const std::string& key, const Chosen& chosen, Settings& settings) {
  settings.set({key, name_of(chosen)});
  put_fields(chosen, settings);
}

}  // namespace

const SettingKeys& training_keys() {
  static const SettingKeys keys = [] {
    const TrainerOptions defaults;
    SettingKeys made;
    made.add_choice("loss", "what is minimized", defaults.loss)
        .without_default("loss")
        .add_choice("optimizer", "what updates the weights", defaults.optimizer)
        .add_choice("schedule", "how the learning rate changes", defaults.schedule);
    describe_callbacks(made);
    made.add<TrainerOptions>().add<FitOptions>().add<ComputeOptions>().add<Augmentation>();
    return made;
  }();
  return keys;
}

Settings overridden(const Settings& settings, const Settings& by) { return training_keys().overridden(settings, by); }

Loss loss_of(const Settings& settings) {
  if (settings.has("loss")) return checked_choice(settings, "loss", TrainerOptions().loss);
  throw Error{{.where = "loss",
               .expected = "one of " + join(loss_names()),
               .received = "none",
               .hint = "Choose it by --loss, or in the model file under [training]."}};
}

Optimizer optimizer_of(const Settings& settings) {
  return checked_choice(settings, "optimizer", TrainerOptions().optimizer);
}

Schedule schedule_of(const Settings& settings) {
  return checked_choice(settings, "schedule", TrainerOptions().schedule);
}

TrainerOptions trainer_options(const Settings& settings, int threads) {
  TrainerOptions options{.loss = loss_of(settings),
                         .optimizer = optimizer_of(settings),
                         .schedule = schedule_of(settings),
                         .compute = {.threads = threads}};
  fill_in(options, settings);
  fill_in(options.compute, settings);
  fill_in(options.augmentation, settings);
  return options;
}

NetworkOptions network_options(const Settings& settings) {
  TrainerOptions trained;
  fill_in(trained, settings);
  fill_in(trained.compute, settings);
  NetworkOptions options{.seed = trained.seed, .compute = trained.compute};
  if (settings.has("loss")) options.loss = loss_of(settings);
  return options;
}

std::int64_t batch_size_of(const Settings& settings) {
  TrainerOptions options;
  fill_in(options, settings);
  return options.batch_size;
}

FitOptions fit_options(const Settings& settings) {
  FitOptions options;
  fill_in(options, settings);
  return options;
}

Settings training_settings(const TrainerOptions& options) {
  Settings settings;
  put_choice("loss", options.loss, settings);
  put_choice("optimizer", options.optimizer, settings);
  put_choice("schedule", options.schedule, settings);
  put_fields(options, settings);
  if (options.class_weight.empty()) settings.erase("class_weight");
  if (options.loss_weights.empty()) settings.erase("loss_weights");
  put_fields(options.compute, settings);
  put_fields(options.augmentation, settings);
  return settings;
}

}  // namespace evenkeel
