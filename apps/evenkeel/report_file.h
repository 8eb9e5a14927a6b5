#pragma once

#include <filesystem>

#include "evenkeel/report/page/page.h"

namespace evenkeel::app {

/// Writes a report as its file's ending says: .html, .json or .csv. Throws Error for another.
void write_report(const std::filesystem::path& file, const Report& report);

}  // namespace evenkeel::app
