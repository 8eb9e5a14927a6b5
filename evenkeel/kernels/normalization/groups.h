#pragma once

#include <algorithm>
#include <cstdint>

#include "evenkeel/kernels/matrix.h"

namespace evenkeel::kernels {

/// Groups of consecutive rows of a batch (samples and positions) that share statistics. The last group has the
/// remaining rows. With rows_of_group = 0 all rows are one group.
class RowGroups {
 public:
  RowGroups(std::int64_t rows, std::int64_t rows_of_group)
      : rows_(rows), rows_of_group_(rows_of_group > 0 ? rows_of_group : rows) {}

  std::int64_t count() const { return rows_ == 0 ? 1 : (rows_ + rows_of_group_ - 1) / rows_of_group_; }
  std::int64_t size(std::int64_t group) const { return std::min(rows_of_group_, rows_ - group * rows_of_group_); }
  /// A group's rows of a matrix.
  template <class T>
  Matrix<T> part(Matrix<T> all, std::int64_t group) const {
    return {all.row(group * rows_of_group_), size(group), all.columns};
  }

 private:
  std::int64_t rows_, rows_of_group_;
};

}  // namespace evenkeel::kernels
