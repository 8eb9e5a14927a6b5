#pragma once

#include <map>
#include <string>

namespace evenkeel {

/// Numbers by name.
using Counts = std::map<std::string, double>;

/// Holds what was measured to a part of bench/baseline.json: names and numbers, these within `tolerance` (relative).
/// With EVENKEEL_UPDATE_BASELINE set (`make guard-update`) writes them there instead.
void check_baseline(const std::string& part, const Counts& measured, double tolerance);

/// The compiler that a count of instructions belongs to, as it stands in the baseline: "GNU 12".
std::string compiler();
/// The one that the baseline was made with.
std::string baseline_compiler();

}  // namespace evenkeel
