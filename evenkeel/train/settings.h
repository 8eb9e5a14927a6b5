#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "evenkeel/nn/training_settings.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {

/// A model file's settings with those of `by` (flags) put over them. Where `by` names another optimizer, schedule or
/// loss, what only the file's has goes. Settings that stand for each other replace each other: epochs and steps, the
/// three ways to clip, boundaries and decay_steps.
TrainingSettings overridden(TrainingSettings settings, const TrainingSettings& by);

/// Throws Error where the settings have no loss (with the known names), or a field that their loss does not have.
Loss loss_of(const TrainingSettings& settings);

/// Adam unless the settings say otherwise. Throws Error where they name a field that the optimizer does not have.
Optimizer optimizer_of(const TrainingSettings& settings);

/// Constant unless the settings say otherwise. Throws Error where they name a field that the schedule does not have.
Schedule schedule_of(const TrainingSettings& settings);

/// What a Trainer needs of the settings; what they leave open has the trainer's defaults. Throws Error as those above.
TrainerOptions trainer_options(const TrainingSettings& settings, int threads = 0);

/// The callbacks that the settings ask for. The best weights, if they are to be kept, go into `best` with `metadata`.
/// Throws Error where settings need another one that is not there.
std::vector<Callback> callbacks_of(const TrainingSettings& settings, bool has_validation,
                                   const std::filesystem::path& best,
                                   const std::map<std::string, std::string>& metadata);

/// The settings that a Trainer with these options was made of: nothing left open but the length of the run.
TrainingSettings settings_of(const TrainerOptions& options);

}  // namespace evenkeel
