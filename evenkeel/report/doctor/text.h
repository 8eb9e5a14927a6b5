#pragma once

#include <string>

#include "evenkeel/report/doctor/description.h"

namespace evenkeel {

/// For a terminal.
std::string doctor_text(const DoctorDescription& description);

}  // namespace evenkeel
