#pragma once

#include <cstdint>
#include <vector>

namespace evenkeel {

/// Assigns a different column to each of n rows, so that the sum of their costs (n x n, row by row) is least. The
/// Hungarian method with potentials (Kuhn 1955; Jonker & Volgenant 1987), O(n^3).
std::vector<std::int64_t> cheapest_assignment(const std::vector<double>& costs, std::int64_t n);

}  // namespace evenkeel
