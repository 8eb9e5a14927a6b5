#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

/// A sample whose values are of another size than the set's: an outlier, or one that was prepared differently.
struct UnusualSample {
  std::int64_t index = 0;  ///< in the set
  double ratio = 1;        ///< its size divided by that of the median sample; below 1 if it is far smaller
};

/// Samples at least 50 times as large as the median sample, by the root mean square of their values, unless the set's
/// other samples are scattered as much (a long tail has no outliers). If there is one, all samples at least 10 times as
/// large are included. So are float samples at most 1/100 as large, except empty ones. Sorted by index. Correct as long
/// as fewer than half of the samples are unusual; empty for fewer than 8 samples. Reads at most 2^26 values, evenly
/// spaced if there are more. None of a streamed set: it would be read as a whole.
std::vector<UnusualSample> unusual_samples(const Dataset& dataset);
/// The same from the samples' sizes. `floats`: whether samples are floats.
std::vector<UnusualSample> unusual_samples(const std::vector<double>& sizes, bool floats);
/// The root mean square of one sample's values, or of 2^16 evenly spaced ones if there are more.
double size_of_sample(TensorView sample);

/// "8 of 1,200 samples are 59 to 104 times as large as the median sample (samples 17, 203, 377, 5 more)"; empty if
/// there are none.
std::string describe(const std::vector<UnusualSample>& unusual, const Dataset& dataset);
/// The same for a set of so many samples.
std::string describe(const std::vector<UnusualSample>& unusual, std::int64_t samples);

}  // namespace evenkeel
