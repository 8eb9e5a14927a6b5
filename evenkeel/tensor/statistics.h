#pragma once

#include <array>
#include <cstdint>

#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

struct ElementStatistics {
  double mean = 0;
  double standard_deviation = 0;  ///< of the population: divided by n, not by n - 1
  double minimum = 0, maximum = 0;
};

/// Statistics of elements (uint8 or float32) that come piece by piece, as exact as those of all at once.
class RunningStatistics {
 public:
  void add(TensorView piece);
  ElementStatistics result() const;

 private:
  void merge(const ElementStatistics& piece, double count);

  std::array<std::int64_t, 256> bytes_{};  ///< how often each uint8 occurs
  ElementStatistics others_;
  double others_count_ = 0;
};

/// The statistics of all elements, exact to double precision whatever the mean; zeros for an empty tensor.
ElementStatistics element_statistics(TensorView tensor);

}  // namespace evenkeel
