#pragma once

#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/normalizations.h"

namespace evenkeel {

/// The distribution of a normalization's input, all channels together. Each channel is scaled to mean 0 and deviation 1
/// by statistics that are the same for both modes, so that a difference between the modes can be seen.
struct InputHistogram {
  std::string layer;
  std::vector<double> at;          ///< the middle of each bin, in deviations
  std::vector<double> training;    ///< density: batch statistics and dropout, as training computes it
  std::vector<double> evaluation;  ///< density: moving statistics, no dropout
};

/// The histograms of the first `samples` of the data, in one batch if its values take no more than half a gigabyte,
/// else in several. `reference` has the mean and variance for each normalization (full-data statistics). The network
/// does not change.
std::vector<InputHistogram> input_histograms(Network& network, const Dataset& data,
                                             const std::vector<LayerStatistics>& reference, std::int64_t samples = 256);

}  // namespace evenkeel
