#pragma once

#include <nlohmann/json.hpp>

#include "evenkeel/data/reading_report.h"

namespace evenkeel {

/// For machines: the content of text_of, with all names.
nlohmann::ordered_json json_of(const ReadingReport& report);

}  // namespace evenkeel
