#pragma once

#include <nlohmann/json.hpp>

#include "evenkeel/data/reading_report.h"

namespace evenkeel {

/// For machines: what text_of says, with all names.
nlohmann::ordered_json json_of(const ReadingReport& report);

}  // namespace evenkeel
