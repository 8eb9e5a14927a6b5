#pragma once

#include <filesystem>
#include <vector>

#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// Compares runs: curves of all they measured, final and best figures (the first table), their networks, the settings
/// in which they differ, and what they ran on. The answer says which run ends best, and by how much, in the first of
/// val_accuracy, val_loss, accuracy and loss that two of them have. If their data differ, it says that figures cannot
/// be compared. A folder that is not a run, or cannot be read completely, gets a note; the rest is reported. Throws
/// Error if no folder is a run.
Report compare_runs(const std::vector<std::filesystem::path>& folders);

}  // namespace evenkeel
