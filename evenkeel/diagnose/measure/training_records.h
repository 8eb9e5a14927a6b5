#pragma once

#include <filesystem>

#include "evenkeel/diagnose/measure/evidence.h"

namespace evenkeel {

/// What the doctor uses of a run folder: updates, batches, the order of the data, averages, losses, and moving
/// statistics at an earlier checkpoint, or else those that training started from. What cannot be read stays unknown.
/// Throws Error if it is not a run folder.
Records training_records(const std::filesystem::path& run_folder, const Model& model);

/// The weights that training worked with, if a weights file is a checkpoint that also has their averages
/// (ema_momentum); null otherwise. Throws Error if the checkpoint is damaged.
std::shared_ptr<const NamedTensors> raw_weights_of(const std::filesystem::path& weights);

}  // namespace evenkeel
