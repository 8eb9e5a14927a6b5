#include "evenkeel/diagnose/measure/assignment.h"

#include <cmath>

namespace evenkeel {
namespace {

/// Rows and columns count from 1; column 0 holds the row that is being placed.
class Assignment {
 public:
  Assignment(const std::vector<double>& costs, std::size_t n)
      : costs_(costs), n_(n), of_row_(n + 1), of_column_(n + 1), row_at_(n + 1), way_(n + 1) {}

  std::vector<std::int64_t> solve() {
    for (std::size_t row = 1; row <= n_; ++row) place(row);
    std::vector<std::int64_t> columns(n_);
    for (std::size_t column = 1; column <= n_; ++column)
      columns[row_at_[column] - 1] = static_cast<std::int64_t>(column - 1);
    return columns;
  }

 private:
  /// The cost of a cell minus the potentials of its row and column.
  double reduced(std::size_t row, std::size_t column) const {
    return costs_[(row - 1) * n_ + column - 1] - of_row_[row] - of_column_[column];
  }

  /// Finds the cheapest chain of moves that ends in a free column, and makes them.
  void place(std::size_t row) {
    row_at_[0] = row;
    std::size_t column = 0;
    std::vector<double> least(n_ + 1, INFINITY);
    std::vector<bool> used(n_ + 1);
    do {
      used[column] = true;
      std::size_t next = 0;
      double delta = INFINITY;
      for (std::size_t j = 1; j <= n_; ++j) {
        if (used[j]) continue;
        if (const double cost = reduced(row_at_[column], j); cost < least[j]) {
          least[j] = cost;
          way_[j] = column;
        }
        if (least[j] < delta) {
          delta = least[j];
          next = j;
        }
      }
      for (std::size_t j = 0; j <= n_; ++j)
        if (used[j]) {
          of_row_[row_at_[j]] += delta;
          of_column_[j] -= delta;
        } else {
          least[j] -= delta;
        }
      column = next;
    } while (row_at_[column] != 0);
    for (; column != 0; column = way_[column]) row_at_[column] = row_at_[way_[column]];
  }

  const std::vector<double>& costs_;
  std::size_t n_;
  std::vector<double> of_row_, of_column_;
  std::vector<std::size_t> row_at_, way_;
};

}  // namespace

std::vector<std::int64_t> cheapest_assignment(const std::vector<double>& costs, std::int64_t n) {
  return Assignment(costs, static_cast<std::size_t>(n)).solve();
}

}  // namespace evenkeel
