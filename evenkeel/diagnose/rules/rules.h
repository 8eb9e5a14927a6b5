#pragma once

#include "evenkeel/diagnose/rule.h"

// The rules there are, a file each. A new one: its file, a line here, a line in rules.cpp, its codes in codes.cpp.

namespace evenkeel {

std::unique_ptr<Rule> bad_numbers();        ///< numbers in the weights that cannot be right
std::unique_ptr<Rule> moving_statistics();  ///< statistics that do not fit the data, and why

/// All of them, in the order in which they judge.
std::vector<std::unique_ptr<Rule>> make_rules();

}  // namespace evenkeel
