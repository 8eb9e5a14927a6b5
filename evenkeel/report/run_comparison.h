#pragma once

#include <filesystem>
#include <vector>

#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// Runs side by side: curves of all they measured, final and best figures (the first table), their networks, the
/// settings in which they differ, what they ran on. The answer says which ends best in the first of val_accuracy,
/// val_loss, accuracy, loss that two of them have, and by how much, or that their data differ and so their figures
/// cannot be compared. What cannot be read of a folder, or is no run at all, is a note; the rest is reported. Throws
/// Error where no folder is a run.
Report compare_runs(const std::vector<std::filesystem::path>& folders);

}  // namespace evenkeel
