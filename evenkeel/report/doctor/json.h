#pragma once

#include <string>

#include "evenkeel/report/doctor/description.h"

namespace evenkeel {

/// For machines: `evenkeel doctor --json`, indented by two.
std::string doctor_json(const DoctorDescription& description);

/// The same for a comparison with expected outputs alone. `why`: nothing else was checked, a clause.
std::string expectation_json(const Expectation& expectation, const std::string& why);

}  // namespace evenkeel
