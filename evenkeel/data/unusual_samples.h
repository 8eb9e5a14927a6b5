#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// A sample of another size than the set: an outlier, or one that was not prepared as the others were.
struct UnusualSample {
  std::int64_t index = 0;  ///< in the set
  double ratio = 1;        ///< its size over the median sample's; below 1 for one that is far smaller
};

/// Samples at least 50 times as large as the median one, by the root mean square of their values, if the set's other
/// samples are not as scattered: sizes with a long tail have no outliers. With one such sample, all those at least
/// 10 times as large are named. Float samples at most 1/100 as large are named too, but not empty ones. By index.
/// Robust while fewer than half of the samples are unusual; nothing of fewer than 8. Reads at most 2^26 values:
/// of more, evenly spaced ones.
std::vector<UnusualSample> unusual_samples(const Dataset& dataset);

/// "8 of 1,200 samples are 59 to 104 times as large as the median sample (samples 17, 203, 377, 5 more)"; empty where
/// there are none.
std::string describe(const std::vector<UnusualSample>& unusual, const Dataset& dataset);

}  // namespace evenkeel
