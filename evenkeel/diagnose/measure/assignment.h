#pragma once

#include <cstdint>
#include <vector>

namespace evenkeel {

/// To each of n rows another column, so that the sum of what they cost (n x n, row by row) is least: the Hungarian
/// method with potentials (Kuhn 1955; Jonker & Volgenant 1987), O(n^3).
std::vector<std::int64_t> cheapest_assignment(const std::vector<double>& costs, std::int64_t n);

}  // namespace evenkeel
