#pragma once

#include <span>

namespace evenkeel {

/// 0 for none.
double mean_of(std::span<const double> values);
/// Of a sample: the root of the sum of squares divided by their number less one; 0 for fewer than two.
double deviation_of(std::span<const double> values);

}  // namespace evenkeel
