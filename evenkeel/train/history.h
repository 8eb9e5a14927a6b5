#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/train/metrics.h"

namespace evenkeel {

/// The results of an epoch, or of the part of one that a run has made when it ends.
struct EpochRecord {
  std::int64_t epoch = 0;  ///< from 1
  std::uint64_t step = 0;  ///< updates done by its end
  Metrics train;           ///< means over its samples, measured during training
  std::optional<Metrics> validation = {};
  double learning_rate = 0;
  double seconds = 0;  ///< of training, without validation
  double images_per_s = 0;
  bool is_whole = true;  ///< only the last of a History may not be
};

/// A record's figure by Keras's name: "loss", "accuracy", "val_loss", "val_accuracy"; nothing if the record does not
/// have it. Throws Error, with the known names, for another name.
std::optional<double> figure_of(const EpochRecord& record, const std::string& name);

struct History {
  std::vector<EpochRecord> epochs;
  bool stopped = false;  ///< interrupted by a stop request
  std::string reason;    ///< why a callback ended training early; else empty
  bool failed = false;   ///< whether it did so because training failed (NaN)
  /// The epoch whose weights were restored at the end; nothing if they are the last epoch's.
  std::optional<std::int64_t> weights_epoch = {};

  /// The record of the epoch whose weights the run ends with; nullptr if there is none.
  const EpochRecord* final_epoch() const;
};

}  // namespace evenkeel
