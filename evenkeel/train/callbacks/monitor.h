#pragma once

#include <optional>
#include <string>

#include "evenkeel/train/callback.h"

namespace evenkeel {

/// A figure of the epochs' records, watched for the better: a loss for less, an accuracy for more.
struct Monitor {
  std::string name = "val_loss";  ///< loss, accuracy, val_loss, val_accuracy
  double min_delta = 0;           ///< a smaller change is no improvement
  std::optional<double> best = {};

  /// The record's figure. Throws Error where there is none, say without validation data.
  double read(const EpochRecord& record) const;
  bool improves(double value, std::optional<double> reference) const;

  // For CallbackState.
  void save(CallbackState& state) const;
  void load(const CallbackState& state);
};

}  // namespace evenkeel
