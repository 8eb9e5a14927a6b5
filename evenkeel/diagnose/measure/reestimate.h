#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/normalizations.h"
#include "evenkeel/distributed/communicator.h"

namespace evenkeel {

struct ReestimateOptions {
  std::int64_t batch_size = 250;  ///< samples computed at a time; changes results only by rounding
  /// For the values that are alive at a cut of the program, of all batches. Batches that do not fit are computed from
  /// the start for every normalization: slower, but the same bits.
  std::int64_t memory_bytes = std::int64_t{1} << 30;
  /// true: variances as each layer declares them (`unbiased_moving_variance`: times n/(n-1), for n elements of the
  /// channel in the whole data set). false: all biased.
  bool as_declared = true;
  /// Dropout on, with new masks for each batch: what moving statistics in training would become with these weights.
  bool dropout = false;
  /// Normalizations, by name, that use their moving statistics and keep them, as those with frozen ones do, which
  /// training used as they are.
  std::vector<std::string> keep = {};
  /// Called after each batch with `forward_passes` so far.
  std::function<void(double)> after_batch = {};
  bool frozen_too = false;  ///< measures the input of those with frozen statistics as well
  /// The processes that divide the batches between them. All call it, and all get the whole result.
  Communicator* among = nullptr;
};

/// The moving statistics of every normalization in the order of the description; empty if the model has none.
struct Reestimated {
  std::vector<LayerStatistics> before, after;
  std::int64_t samples = 0;
  std::int64_t kept_bytes = 0;  ///< largest memory between two cuts; never above `memory_bytes`
  /// The cost in passes of all samples through the network, counted in lines of its program. At most 1 if there is
  /// enough memory.
  double forward_passes = 0;
};

/// The exact statistics of each normalization's input in evaluation: dropout off, and every normalization before it
/// uses the statistics found here instead of its moving ones. It goes in graph order and computes each line of the
/// program once per sample; batches are merged in double (Chan et al. 1979). The network keeps its moving statistics.
/// If the optimizer keeps averages of the weights, they are used, as in evaluation. Throws Error if data and model do
/// not fit, or for a batch size below 1.
Reestimated measure_statistics(Network& network, const Dataset& data, const ReestimateOptions& options = {});

/// The same, and makes them the network's moving statistics. Nothing else changes. KeptStatistics, or
/// set_moving_statistics with `before`, undoes it.
Reestimated reestimate_statistics(Network& network, const Dataset& data, const ReestimateOptions& options = {});

}  // namespace evenkeel
