#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/normalizations.h"

namespace evenkeel {

struct ReestimateOptions {
  std::int64_t batch_size = 250;  ///< samples computed at a time; changes results by no more than rounding
  /// For what is alive at a cut of the program, by batch. Samples that do not fit are computed from the start for every
  /// normalization: slower, the same bits.
  std::int64_t memory_bytes = std::int64_t{1} << 30;
  /// Moving variances as each layer declares them (`unbiased_moving_variance`: n/(n-1), n elements of the channel in
  /// the whole data set); else all biased.
  bool as_declared = true;
  /// Dropout on, each batch with masks of its own: what training's moving statistics would come to with these weights.
  bool dropout = false;
  /// Normalizations, by name, that stay on their moving statistics and keep them.
  std::vector<std::string> keep = {};
};

/// The moving statistics of every normalization in the order of the description; empty where the model has none.
struct Reestimated {
  std::vector<LayerStatistics> before, after;
  std::int64_t samples = 0;
  std::int64_t kept_bytes = 0;  ///< of samples between two cuts, at most; never above `memory_bytes`
  /// What it cost: passes of all samples through the network, counted in lines of its program. At most 1 where memory
  /// suffices.
  double forward_passes = 0;
};

/// The exact statistics of what reaches each normalization in evaluation: dropout off, and every normalization before
/// it on the statistics that this finds for it, not on its moving ones. In graph order, each line of the program
/// computed once per sample; batches are merged in double (Chan et al. 1979). The network keeps the moving statistics
/// it has. Where the optimizer keeps averages of the weights, they are used, as evaluation does. Throws Error where
/// data and model do not fit, or for a batch size below 1.
Reestimated measure_statistics(Network& network, const Dataset& data, const ReestimateOptions& options = {});

/// The same, and makes them the network's moving statistics. Nothing else changes. KeptStatistics, or
/// set_moving_statistics with `before`, undoes it.
Reestimated reestimate_statistics(Network& network, const Dataset& data, const ReestimateOptions& options = {});

}  // namespace evenkeel
