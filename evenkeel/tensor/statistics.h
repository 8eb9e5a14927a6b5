#pragma once

#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

struct ElementStatistics {
  double mean = 0;
  double standard_deviation = 0;  ///< of the population: divided by n, not by n - 1
  double minimum = 0, maximum = 0;
};

/// The statistics of all elements, exact to double precision whatever the mean; zeros for an empty tensor.
ElementStatistics element_statistics(TensorView tensor);

}  // namespace evenkeel
