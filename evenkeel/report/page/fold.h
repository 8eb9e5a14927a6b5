#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace evenkeel {

/// A part of a list: `length` names that are repeated `times` times in a row.
struct Fold {
  std::size_t begin = 0, length = 1, times = 1;
  std::size_t end() const { return begin + length * times; }
  bool operator==(const Fold&) const = default;
};

/// The list as folds, in order and without a gap. From the left, each fold is the pattern of at most eight names that
/// is repeated at least three times and covers most of what follows; if there is none, a single name.
std::vector<Fold> fold(std::span<const std::string> names);

}  // namespace evenkeel
