#pragma once

#include <cstdint>
#include <optional>
#include <string>
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
  double seconds = 0;  ///< of training, without validation
  double images_per_s = 0;
};

/// A record's figure by Keras's name: "loss", "accuracy", "val_loss", "val_accuracy"; nothing where the record has
/// none. Throws Error, with the known names, for another name.
std::optional<double> figure_of(const EpochRecord& record, const std::string& name);

struct History {
  std::vector<EpochRecord> epochs;
  bool stopped = false;  ///< interrupted by a stop request
  std::string reason;    ///< why a callback ended it early; else empty
  bool failed = false;   ///< it did so because training broke down
  /// The epoch whose weights were restored at the end; nothing where they are the last one's.
  std::optional<std::int64_t> weights_epoch = {};

  /// Of the epoch whose weights the run ends with; nullptr where there was none.
  const EpochRecord* final_epoch() const;
};

}  // namespace evenkeel
