#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/tensor/statistics.h"

namespace evenkeel {

struct DatasetStatistics {
  std::vector<std::int64_t> per_class;  ///< samples of each class; empty without integer labels
  double mean = 0;                      ///< of all elements of all samples, like the others
  double standard_deviation = 0;        ///< of the population: divided by n, not by n - 1
  double minimum = 0, maximum = 0;
};

/// How many samples each class has.
std::vector<std::int64_t> samples_per_class(std::span<const std::int32_t> labels, std::int64_t classes);
/// The statistics of all elements, without classes.
DatasetStatistics statistics_of(const ElementStatistics& elements);

/// Exact to double precision, whatever the mean.
DatasetStatistics dataset_statistics(const Dataset& dataset);

}  // namespace evenkeel
