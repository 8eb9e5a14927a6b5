#pragma once

#include "evenkeel/report/doctor/description.h"
#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// A diagnosis as a page: the verdict, the four cells, the findings with their remedies, the steps from training mode
/// to evaluation mode as a waterfall, and the input of every normalization in both modes.
Report doctor_page(const DoctorDescription& description, const Model& model);

}  // namespace evenkeel
