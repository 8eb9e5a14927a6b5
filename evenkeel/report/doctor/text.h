#pragma once

#include <cstddef>
#include <string>

#include "evenkeel/report/doctor/description.h"

namespace evenkeel {

/// The properties of a terminal. The default suits a file or a pipe: no colours, and lines are not broken.
struct TerminalStyle {
  bool colours = false;
  std::size_t columns = 0;  ///< 0: as long as a line is
};

/// The answer on one screen: the verdict, the scores, a line for each finding, and what to do first.
std::string doctor_text(const DoctorDescription& description, const TerminalStyle& style = {});

/// Everything: each finding with its evidence and its remedies, and where the difference between the modes comes from.
std::string doctor_details(const DoctorDescription& description, const TerminalStyle& style = {});

/// The comparison with expected outputs alone: what differs, by how much, and what explains it.
std::string expectation_text(const Expectation& expectation);

}  // namespace evenkeel
