#pragma once

#include <span>

namespace evenkeel {

/// The mean; 0 of no values.
double mean_of(std::span<const double> values);
/// The standard deviation of a sample (divided by n - 1); 0 for fewer than two values.
double deviation_of(std::span<const double> values);

}  // namespace evenkeel
