#pragma once

#include <optional>
#include <string>

#include "evenkeel/diagnose/measure/live_network.h"
#include "evenkeel/report/doctor/description.h"
#include "evenkeel/report/page/page.h"

namespace evenkeel {

/// What is known about a live network's training besides what it tells itself.
struct LiveOptions {
  std::string name = {};  ///< for the report's title; empty: the network's class
  std::optional<std::int64_t> batch_size = {};
  std::optional<std::uint64_t> updates = {};
  std::int64_t memory_bytes = std::int64_t{1} << 30;
  DiagnosisProgress progress = {};
};

/// What the doctor says of a live network.
struct LiveReport {
  Diagnosis diagnosis;
  DoctorDescription description;
  Model model{Shape{1}};  ///< as it is described, for the diagram
};

/// Diagnoses a network that another framework runs, and restores it in every case. Throws Error where its description
/// or data do not fit, and whatever it throws itself.
LiveReport diagnose_live(LiveNetwork& live, const LiveOptions& options = {});

/// Its page (doctor_page).
Report live_page(const LiveReport& report);

}  // namespace evenkeel
