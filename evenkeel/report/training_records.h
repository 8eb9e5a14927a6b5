#pragma once

#include <filesystem>

#include "evenkeel/diagnose/evidence.h"

namespace evenkeel {

/// What a run folder tells the doctor: updates, batch size, losses, moving statistics at its earlier checkpoint. What
/// cannot be read stays unknown. Throws Error where it is no run folder.
Records training_records(const std::filesystem::path& run_folder, const Model& model);

}  // namespace evenkeel
