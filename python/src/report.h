#pragma once

#include <nanobind/nanobind.h>

#include <functional>
#include <optional>
#include <string>

#include "evenkeel/diagnose/finding.h"
#include "evenkeel/report/doctor/description.h"

namespace evenkeel::python {

/// What the doctor says, as Python holds it: of a network of ours or of a live one.
struct Report {
  DoctorDescription description;
  std::optional<Severity> worst = {};  ///< nothing without findings
  std::function<std::string()> html;   ///< makes the page
};

void bind_diagnose(nanobind::module_& m);

}  // namespace evenkeel::python
