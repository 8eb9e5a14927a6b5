#pragma once

#include <filesystem>

#include "evenkeel/diagnose/measure/evidence.h"

namespace evenkeel {

/// What a run folder tells the doctor: updates, batches, the order of the data, averages, losses, moving statistics at
/// its earlier checkpoint, or else those that it started from. What cannot be read stays unknown. Throws Error where it
/// is no run folder.
Records training_records(const std::filesystem::path& run_folder, const Model& model);

/// The weights that training worked with, where a weights file is a checkpoint that has their averages beside them (as
/// with ema_momentum); null otherwise. Throws Error where the checkpoint is damaged.
std::shared_ptr<const NamedTensors> raw_weights_of(const std::filesystem::path& weights);

}  // namespace evenkeel
