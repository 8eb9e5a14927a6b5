#include "evenkeel/train/settings.h"

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

using Field = Fields<TrainingSettings>::Field;

const std::vector<Field>& all_fields() { return fields_of<TrainingSettings>().all(); }

bool is_set(const Field& field, const TrainingSettings& settings) {
  return !std::holds_alternative<std::monostate>(field.get(settings));
}

std::string optimizer_name(const TrainingSettings& settings) {
  return settings.optimizer.value_or(name_of(TrainerOptions{}.optimizer));
}

bool has_field(const Optimizer& optimizer, const std::string& name) {
  return std::ranges::any_of(settings_of(optimizer), [&](const auto& setting) { return setting.first == name; });
}

}  // namespace

TrainingSettings overridden(TrainingSettings settings, const TrainingSettings& by) {
  if (by.optimizer && *by.optimizer != optimizer_name(settings)) {
    const Optimizer before = optimizer_named(optimizer_name(settings)), after = optimizer_named(*by.optimizer);
    for (const Field& field : all_fields())
      if (has_field(before, field.name) && !has_field(after, field.name)) field.set(settings, FieldValue());
  }
  if (by.epochs) settings.steps.reset();
  if (by.steps) settings.epochs.reset();
  for (const Field& field : all_fields())
    if (is_set(field, by)) field.set(settings, field.get(by));
  return settings;
}

Loss loss_of(const TrainingSettings& settings) {
  if (settings.loss) return loss_named(*settings.loss);
  throw Error{{.where = "loss",
               .expected = "one of " + join(loss_names()),
               .received = "none",
               .hint = "Choose it by --loss, or in the model file under [training]."}};
}

Optimizer optimizer_of(const TrainingSettings& settings) {
  Optimizer optimizer = optimizer_named(optimizer_name(settings));
  for (const Field& field : all_fields()) {
    const bool of_an_optimizer = std::ranges::any_of(
        optimizer_names(), [&](const std::string& name) { return has_field(optimizer_named(name), field.name); });
    if (of_an_optimizer && is_set(field, settings)) set_field(optimizer, field.name, field.get(settings));
  }
  return optimizer;
}

TrainerOptions trainer_options(const TrainingSettings& settings, int threads) {
  TrainerOptions options{.loss = loss_of(settings), .optimizer = optimizer_of(settings), .threads = threads};
  options.batch_size = settings.batch_size.value_or(options.batch_size);
  options.seed = static_cast<std::uint64_t>(settings.seed.value_or(0));
  for (const auto& field : fields_of<Augmentation>().all()) {
    const Field& setting = *fields_of<TrainingSettings>().find(field.name);
    if (is_set(setting, settings)) field.set(options.augmentation, setting.get(settings));
  }
  return options;
}

}  // namespace evenkeel
