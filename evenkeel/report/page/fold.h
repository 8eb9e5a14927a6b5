#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace evenkeel {

/// A stretch of a list: `length` names that come `times` times in a row.
struct Fold {
  std::size_t begin = 0, length = 1, times = 1;
  std::size_t end() const { return begin + length * times; }
  bool operator==(const Fold&) const = default;
};

/// The list in folds, in order and without a gap. From the left, each fold is the pattern of at most eight names that
/// comes three times or more and covers most of what follows; where there is none, a single name.
std::vector<Fold> fold(std::span<const std::string> names);

}  // namespace evenkeel
