#pragma once

#include <compare>
#include <cstdint>

namespace evenkeel {

/// The consecutive samples of a batch that one process takes.
struct BatchPart {
  std::int64_t total = 0;  ///< samples of the whole batch
  std::int64_t first = 0;  ///< of this process
  std::int64_t size = 0;   ///< 0: the batch has fewer samples than there are processes
  auto operator<=>(const BatchPart&) const = default;
};

/// The part of process `rank` of `processes`. Parts are consecutive, and as equal as whole units of `unit` samples
/// allow (samples that share statistics stay together); the first ones are the larger ones.
inline BatchPart part_of(std::int64_t total, int rank, int processes, std::int64_t unit = 1) {
  const std::int64_t units = (total + unit - 1) / unit, each = units / processes, more = units % processes;
  const auto begin = [&](std::int64_t r) {
    const std::int64_t at = (r * each + (r < more ? r : more)) * unit;
    return at < total ? at : total;
  };
  return {.total = total, .first = begin(rank), .size = begin(rank + 1) - begin(rank)};
}

}  // namespace evenkeel
