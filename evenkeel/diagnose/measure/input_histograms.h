#pragma once

#include <string>
#include <vector>

#include "evenkeel/diagnose/measure/normalizations.h"

namespace evenkeel {

/// How what a normalization reads is distributed: each channel less its mean, over its deviation, by statistics that
/// are the same for both modes, so that a difference between the modes can be seen. All channels together.
struct InputHistogram {
  std::string layer;
  std::vector<double> at;          ///< the middle of each bin, in deviations
  std::vector<double> training;    ///< density: batch statistics and dropout, as training computes it
  std::vector<double> evaluation;  ///< density: moving statistics, no dropout
};

/// Of the first `samples` of the data, in one batch. `reference` has a layer's mean and variance, by normalization
/// (full-data statistics). The network stays as it is.
std::vector<InputHistogram> input_histograms(Network& network, const Dataset& data,
                                             const std::vector<LayerStatistics>& reference, std::int64_t samples = 256);

}  // namespace evenkeel
