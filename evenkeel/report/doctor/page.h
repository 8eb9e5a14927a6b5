#pragma once

#include "evenkeel/report/doctor/description.h"
#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// A diagnosis as a page: the verdict, the four cells, the findings with their remedies, the way from training mode to
/// evaluation mode as a waterfall, and what every normalization reads in either mode.
Report doctor_page(const DoctorDescription& description, const Model& model);

}  // namespace evenkeel
