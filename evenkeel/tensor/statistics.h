#pragma once

#include "evenkeel/tensor/tensor.h"

namespace evenkeel {

struct ElementStatistics {
  double mean = 0;
  double standard_deviation = 0;  ///< of the population: divided by their number, not by one less
  double minimum = 0, maximum = 0;
};

/// Of all elements, exact to double precision whatever the mean; zeros where there are none.
ElementStatistics element_statistics(TensorView tensor);

}  // namespace evenkeel
