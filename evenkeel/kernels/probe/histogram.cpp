#include "evenkeel/kernels/probe/histogram.h"

#include <cmath>
#include <cstdlib>
#include <limits>

namespace evenkeel::kernels {

double Histogram::edge(int i) {
  constexpr int kPerSign = kBins / 2, kPerOctave = 8, kLowestExponent = -40;
  constexpr double kLargest = std::numeric_limits<float>::max();
  const int from_zero = std::abs(i - kPerSign);
  const double size = from_zero == kPerSign ? kLargest
                                            : std::ldexp(1.0 + from_zero % kPerOctave / double{kPerOctave},
                                                         kLowestExponent + from_zero / kPerOctave);
  return i > kPerSign ? size : -size;
}

}  // namespace evenkeel::kernels
