#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "evenkeel/train/metrics.h"

namespace evenkeel {

/// What an epoch (or the last part of one, in a run of so many steps) came to.
struct EpochRecord {
  std::int64_t epoch = 0;  ///< from 1
  std::uint64_t step = 0;  ///< updates done by its end
  Metrics train;           ///< means over its samples, as training saw them
  std::optional<Metrics> validation = {};
  double learning_rate = 0;
  double seconds = 0;         ///< of training, without validation
  double images_per_s = 0;
};

struct History {
  std::vector<EpochRecord> epochs;
  bool stopped = false;  ///< ended by a stop request
};

}  // namespace evenkeel
