#pragma once

#include <string>

#include "evenkeel/report/doctor/description.h"

namespace evenkeel {

/// For machines: `evenkeel doctor --json`, indented by two.
std::string doctor_json(const DoctorDescription& description);

}  // namespace evenkeel
