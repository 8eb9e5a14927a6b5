#pragma once

#include "evenkeel/nn/training_settings.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {

/// A model file's settings with those of `by` (flags) put over them. Where `by` names another optimizer, what only the
/// file's optimizer has goes; epochs replace steps, and steps epochs.
TrainingSettings overridden(TrainingSettings settings, const TrainingSettings& by);

/// Throws Error, with the known names, where the settings have no loss.
Loss loss_of(const TrainingSettings& settings);

/// Adam unless the settings say otherwise. Throws Error where they name a field that the optimizer does not have.
Optimizer optimizer_of(const TrainingSettings& settings);

/// What a Trainer needs of the settings; what they leave open has the trainer's defaults. Throws Error as the two
/// above.
TrainerOptions trainer_options(const TrainingSettings& settings, int threads = 0);

}  // namespace evenkeel
