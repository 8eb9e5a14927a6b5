#pragma once

#include <optional>
#include <string>

#include "evenkeel/config/fields.h"
#include "evenkeel/train/callback.h"

namespace evenkeel {

/// Watches whether a figure of the epochs' records improves: a loss when it falls, an accuracy when it rises.
struct Monitor {
  std::string name = "val_loss";  ///< loss, accuracy, val_loss, val_accuracy
  double min_delta = 0;           ///< a smaller change does not count as an improvement
  std::optional<double> best = {};

  /// The record's figure. Throws Error if it does not have it, for example without validation data.
  double read(const EpochRecord& record) const;
  /// Whether the value is better than the reference. A value that is not finite never is. A finite one is better than
  /// no reference, and than a reference that is not finite.
  bool improves(double value, std::optional<double> reference) const;

  // For CallbackState.
  void save(CallbackState& state) const;
  void load(const CallbackState& state);
};

/// Describes the options that choose a figure. All callbacks that watch one share them.
template <class Options>
void describe_monitor(Fields<Options>& fields) {
  fields.add("monitor", &Options::monitor,
             "the figure to watch: loss, accuracy, val_loss, val_accuracy; default val_loss where there is validation");
  if constexpr (requires(Options o) { o.min_delta; })
    fields.add("min_delta", &Options::min_delta, "a smaller change of the monitor is no improvement", kNotNegative);
}

}  // namespace evenkeel
