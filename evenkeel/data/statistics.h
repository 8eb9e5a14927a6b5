#pragma once

#include <cstdint>
#include <vector>

#include "evenkeel/data/dataset.h"

namespace evenkeel {

struct DatasetStatistics {
  std::vector<std::int64_t> per_class;  ///< samples of each class; empty without integer labels
  double mean = 0;                      ///< of all elements of all samples, like the others
  double standard_deviation = 0;        ///< of the population: divided by n, not by n - 1
  double minimum = 0, maximum = 0;
};

/// Exact to double precision, whatever the mean.
DatasetStatistics dataset_statistics(const Dataset& dataset);

}  // namespace evenkeel
