#include "evenkeel/train/settings.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/train/callbacks/early_stopping.h"
#include "evenkeel/train/callbacks/model_checkpoint.h"
#include "evenkeel/train/callbacks/reduce_lr_on_plateau.h"
#include "evenkeel/train/callbacks/terminate_on_nan.h"

namespace evenkeel {
namespace {

using Field = Fields<TrainingSettings>::Field;

/// Of each group one holds.
const std::vector<std::vector<std::string_view>> kAlternatives = {
    {"epochs", "steps"}, {"clipnorm", "global_clipnorm", "clipvalue"}, {"boundaries", "decay_steps"}};

const std::vector<Field>& all_fields() { return fields_of<TrainingSettings>().all(); }

/// Whatever an optimizer, a schedule, a loss or the augmentation has, the settings have (a test holds it).
const Field& setting_named(std::string_view name) {
  const Field* field = fields_of<TrainingSettings>().find(name);
  if (!field) throw std::logic_error("no setting of training is named " + std::string(name));
  return *field;
}

bool is_set(const Field& field, const TrainingSettings& settings) {
  return !std::holds_alternative<std::monostate>(field.get(settings));
}

Optimizer default_optimizer(const TrainingSettings& settings) {
  return settings.optimizer ? optimizer_named(*settings.optimizer) : TrainerOptions{}.optimizer;
}

Schedule default_schedule(const TrainingSettings& settings) {
  return settings.schedule ? schedule_named(*settings.schedule) : TrainerOptions{}.schedule;
}

Loss default_loss(const TrainingSettings& settings) {
  return settings.loss ? loss_named(*settings.loss) : TrainerOptions{}.loss;
}

/// Forgets what `before` has and `after` has not.
template <class Chosen>
void forget(TrainingSettings& settings, const Chosen& before, const Chosen& after) {
  for (const Field& field : all_fields())
    if (has_field(before, field.name) && !has_field(after, field.name)) field.set(settings, FieldValue());
}

void forget_alternatives(TrainingSettings& settings, const TrainingSettings& by) {
  for (const auto& group : kAlternatives) {
    const bool overridden =
        std::ranges::any_of(group, [&](std::string_view name) { return is_set(setting_named(name), by); });
    for (const std::string_view name : group)
      if (overridden) setting_named(name).set(settings, FieldValue());
  }
}

/// The chosen one with all the settings that its kind can have.
template <class Chosen>
Chosen with_settings(Chosen chosen, const TrainingSettings& settings) {
  for (const Field& field : all_fields())
    if (some_have_field(chosen, field.name) && is_set(field, settings))
      set_field(chosen, field.name, field.get(settings));
  return chosen;
}

template <class Chosen>
void put(const Chosen& chosen, TrainingSettings& settings) {
  for (const auto& [key, value] : settings_of(chosen)) setting_named(key).set(settings, value);
}

}  // namespace

TrainingSettings overridden(TrainingSettings settings, const TrainingSettings& by) {
  if (by.optimizer) forget(settings, default_optimizer(settings), default_optimizer(by));
  if (by.schedule) forget(settings, default_schedule(settings), default_schedule(by));
  if (by.loss) forget(settings, default_loss(settings), default_loss(by));
  forget_alternatives(settings, by);
  for (const Field& field : all_fields())
    if (is_set(field, by)) field.set(settings, field.get(by));
  return settings;
}

Loss loss_of(const TrainingSettings& settings) {
  if (settings.loss) return with_settings(default_loss(settings), settings);
  throw Error{{.where = "loss",
               .expected = "one of " + join(loss_names()),
               .received = "none",
               .hint = "Choose it by --loss, or in the model file under [training]."}};
}

Optimizer optimizer_of(const TrainingSettings& settings) {
  Optimizer optimizer = with_settings(default_optimizer(settings), settings);
  check(optimizer);
  return optimizer;
}

Schedule schedule_of(const TrainingSettings& settings) {
  Schedule schedule = with_settings(default_schedule(settings), settings);
  check(schedule);
  return schedule;
}

TrainerOptions trainer_options(const TrainingSettings& settings, int threads) {
  TrainerOptions options{.loss = loss_of(settings),
                         .optimizer = optimizer_of(settings),
                         .schedule = schedule_of(settings),
                         .threads = threads};
  options.batch_size = settings.batch_size.value_or(options.batch_size);
  options.class_weight = settings.class_weight.value_or(options.class_weight);
  options.seed = static_cast<std::uint64_t>(settings.seed.value_or(0));
  options.precision = settings.precision.value_or(options.precision);
  for (const auto& field : fields_of<Augmentation>().all()) {
    const Field& setting = setting_named(field.name);
    if (is_set(setting, settings)) field.set(options.augmentation, setting.get(settings));
  }
  return options;
}

std::vector<Callback> callbacks_of(const TrainingSettings& s, bool has_validation, const std::filesystem::path& best,
                                   const std::map<std::string, std::string>& metadata) {
  const auto need = [](bool given, bool other, const char* what, const char* needed) {
    if (given && !other)
      throw Error{{.where = std::string("\"") + what + '"',
                   .expected = std::string("\"") + needed + "\" with it",
                   .received = "none"}};
  };
  need(s.restore_best_weights.value_or(false), s.early_stopping.has_value(), "restore_best_weights", "early_stopping");
  need(s.reduce_lr_factor.has_value(), s.reduce_lr_patience.has_value(), "reduce_lr_factor", "reduce_lr_patience");
  need(s.min_lr.has_value(), s.reduce_lr_patience.has_value(), "min_lr", "reduce_lr_patience");
  const std::string monitor = s.monitor.value_or(has_validation ? "val_loss" : "loss");
  if ((s.save_best.value_or(false) || s.reduce_lr_patience || s.early_stopping) && monitor.starts_with("val_") &&
      !has_validation)
    throw Error{{.where = "\"monitor\"",
                 .expected = "validation data with it",
                 .received = monitor,
                 .hint = "Give validation data, or monitor \"loss\"."}};
  std::vector<Callback> callbacks;
  if (s.terminate_on_nan.value_or(false)) callbacks.emplace_back(TerminateOnNaN{});
  if (s.save_best.value_or(false))
    callbacks.emplace_back(ModelCheckpoint({.file = best, .best_of = monitor, .metadata = metadata}));
  if (s.reduce_lr_patience) {
    const ReduceLROnPlateauOptions defaults;
    callbacks.emplace_back(ReduceLROnPlateau({.monitor = monitor,
                                              .factor = s.reduce_lr_factor.value_or(defaults.factor),
                                              .patience = *s.reduce_lr_patience,
                                              .min_delta = s.min_delta.value_or(defaults.min_delta),
                                              .min_lr = s.min_lr.value_or(defaults.min_lr)}));
  }
  if (s.early_stopping)
    callbacks.emplace_back(EarlyStopping({.monitor = monitor,
                                          .min_delta = s.min_delta.value_or(0),
                                          .patience = *s.early_stopping,
                                          .restore_best_weights = s.restore_best_weights.value_or(false)}));
  return callbacks;
}

TrainingSettings settings_of(const TrainerOptions& options) {
  TrainingSettings settings;
  settings.loss = name_of(options.loss);
  put(options.loss, settings);
  settings.optimizer = name_of(options.optimizer);
  put(options.optimizer, settings);
  settings.schedule = name_of(options.schedule);
  put(options.schedule, settings);
  if (!options.class_weight.empty()) settings.class_weight = options.class_weight;
  put(options.augmentation, settings);
  settings.batch_size = options.batch_size;
  settings.seed = static_cast<std::int64_t>(options.seed);
  settings.precision = options.precision;
  return settings;
}

}  // namespace evenkeel
