#pragma once

#include <cstddef>
#include <string>

#include "evenkeel/report/doctor/description.h"

namespace evenkeel {

/// What a terminal is like. The default fits a file or a pipe: no colours, and no line is broken.
struct TerminalStyle {
  bool colours = false;
  std::size_t columns = 0;  ///< 0: as long as a line is
};

/// The answer on one screen: the verdict, the scores, a line for each finding, and what to do first.
std::string doctor_text(const DoctorDescription& description, const TerminalStyle& style = {});

/// All there is: each finding with its evidence and its remedies, and how the difference between the modes comes about.
std::string doctor_details(const DoctorDescription& description, const TerminalStyle& style = {});

}  // namespace evenkeel
