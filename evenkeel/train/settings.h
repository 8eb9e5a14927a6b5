#pragma once

#include <vector>

#include "evenkeel/config/settings.h"
#include "evenkeel/train/trainer.h"

// Turns a model file's [training] table and the program's flags into options. The keys, their values and their meaning
// are derived from the options structs themselves.

namespace evenkeel {

/// All keys: of the loss, the optimizer, the schedule, the callbacks, the augmentation and the rest of training.
const SettingKeys& training_keys();

/// A model file's settings with those of `by` (flags) put over them (SettingKeys::overridden). Throws Error, with the
/// file's line, for an unknown key or a value that does not fit.
Settings overridden(const Settings& settings, const Settings& by);

/// The loss of the settings. Throws Error if they have none (it lists the known names), or have a field that their loss
/// does not have.
Loss loss_of(const Settings& settings);

/// Adam unless the settings say otherwise. Throws Error if they have a field that the optimizer does not have.
Optimizer optimizer_of(const Settings& settings);

/// Constant unless the settings say otherwise. Throws Error if they have a field that the schedule does not have.
Schedule schedule_of(const Settings& settings);

/// The options of a Trainer; those that the settings do not have keep their defaults. Throws Error like the functions
/// above.
TrainerOptions trainer_options(const Settings& settings, int threads = 0);

/// The options of a network that is not trained: its loss, if the settings have one, seed and precision.
NetworkOptions network_options(const Settings& settings);

/// The settings' batch size, or the trainer's default.
std::int64_t batch_size_of(const Settings& settings);

/// The length of training by the settings, by default one epoch.
FitOptions fit_options(const Settings& settings);

/// The complete settings of a Trainer with these options, except the length of the run.
Settings training_settings(const TrainerOptions& options);

}  // namespace evenkeel
