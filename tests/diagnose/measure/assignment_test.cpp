#include "evenkeel/diagnose/measure/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "evenkeel/base/philox.h"

namespace evenkeel {
namespace {

double cost_of(const std::vector<double>& costs, const std::vector<std::int64_t>& columns) {
  double sum = 0;
  for (std::size_t row = 0; row < columns.size(); ++row)
    sum += costs[row * columns.size() + static_cast<std::size_t>(columns[row])];
  return sum;
}

double least_cost(const std::vector<double>& costs, std::int64_t n) {
  std::vector<std::int64_t> columns(static_cast<std::size_t>(n));
  std::iota(columns.begin(), columns.end(), 0);
  double least = cost_of(costs, columns);
  while (std::ranges::next_permutation(columns).found) least = std::min(least, cost_of(costs, columns));
  return least;
}

TEST(CheapestAssignment, IsAsCheapAsTheCheapestOfAll) {
  RandomStream stream({.seed = 1, .purpose = Purpose::study});
  for (std::int64_t n = 1; n <= 6; ++n)
    for (int trial = 0; trial < 20; ++trial) {
      std::vector<double> costs(static_cast<std::size_t>(n * n));
      for (double& cost : costs) cost = stream.normal();
      EXPECT_NEAR(cost_of(costs, cheapest_assignment(costs, n)), least_cost(costs, n), 1e-12) << n;
    }
}

TEST(CheapestAssignment, GivesNoColumnTwice) {
  const std::vector<double> costs(25, 1.0);
  std::vector<std::int64_t> columns = cheapest_assignment(costs, 5);
  std::ranges::sort(columns);
  EXPECT_EQ(columns, (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace evenkeel
