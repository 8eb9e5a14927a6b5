#pragma once

#include <vector>

#include "evenkeel/config/settings.h"
#include "evenkeel/train/trainer.h"

// What a model file's [training] table and the flags of the program say, as options. Which keys there are, what they
// take and what they mean is derived from the options themselves.

namespace evenkeel {

/// Every key: of the loss, the optimizer, the schedule, the callbacks, the augmentation and the rest of training.
const SettingKeys& training_keys();

/// A model file's settings with those of `by` (flags) put over them (SettingKeys::overridden). Throws Error, with the
/// file's line, for an unknown key or a value that does not fit.
Settings overridden(const Settings& settings, const Settings& by);

/// Throws Error where the settings have no loss (with the known names), or a field that their loss does not have.
Loss loss_of(const Settings& settings);

/// Adam unless the settings say otherwise. Throws Error where they name a field that the optimizer does not have.
Optimizer optimizer_of(const Settings& settings);

/// Constant unless the settings say otherwise. Throws Error where they name a field that the schedule does not have.
Schedule schedule_of(const Settings& settings);

/// What a Trainer needs of the settings; what they leave open has the trainer's defaults. Throws Error as those above.
TrainerOptions trainer_options(const Settings& settings, int threads = 0);

/// What a network that is not trained needs: its loss, where the settings have one, seed and precision.
NetworkOptions network_options(const Settings& settings);

/// The settings' batch size, or the trainer's default.
std::int64_t batch_size_of(const Settings& settings);

/// How long the settings train, one epoch by default.
FitOptions fit_options(const Settings& settings);

/// The settings that a Trainer with these options was made of: nothing left open but the length of the run.
Settings training_settings(const TrainerOptions& options);

}  // namespace evenkeel
