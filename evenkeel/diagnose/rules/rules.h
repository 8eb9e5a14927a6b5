#pragma once

#include "evenkeel/diagnose/rule.h"

// The rules there are, a file each. A new one: its file, a line here, a line in rules.cpp, its codes in codes.cpp.

namespace evenkeel {

std::unique_ptr<Rule> bad_numbers();        ///< numbers in the weights that cannot be right
std::unique_ptr<Rule> moving_statistics();  ///< statistics that do not fit the data, and why
std::unique_ptr<Rule> input_mismatch();     ///< data prepared otherwise; says what of the statistics follows from it
std::unique_ptr<Rule> class_order();        ///< classes in another order than the outputs
std::unique_ptr<Rule> double_softmax();     ///< a softmax of a softmax
std::unique_ptr<Rule> averaged_weights();   ///< averages of the weights with the statistics of the weights themselves

/// All of them, in the order in which they judge.
std::vector<std::unique_ptr<Rule>> make_rules();

}  // namespace evenkeel
