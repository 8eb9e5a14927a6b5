#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "evenkeel/interchange/record.h"

namespace evenkeel::interchange {

/// import.json, and back. `where` is the file's name in errors; throws Error for what is not such a record.
nlohmann::ordered_json to_json(const Record& record);
Record record_from(const nlohmann::ordered_json& json, const std::string& where);

}  // namespace evenkeel::interchange
