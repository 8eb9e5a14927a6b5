#include "evenkeel/data/statistics.h"

#include "evenkeel/base/error.h"

namespace evenkeel {

std::vector<std::int64_t> samples_per_class(std::span<const std::int32_t> labels, std::int64_t classes) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(classes));
  for (const std::int32_t label : labels) ++counts[static_cast<std::size_t>(label)];
  return counts;
}

DatasetStatistics statistics_of(const ElementStatistics& elements) {
  return {.per_class = {},
          .mean = elements.mean,
          .standard_deviation = elements.standard_deviation,
          .minimum = elements.minimum,
          .maximum = elements.maximum};
}

DatasetStatistics dataset_statistics(const Dataset& dataset) {
  if (dataset.size() == 0)
    throw Error{{.where = "dataset statistics", .expected = "at least one sample", .received = "none"}};
  DatasetStatistics result = statistics_of(element_statistics(dataset.x()));
  if (dataset.has_labels()) result.per_class = samples_per_class(dataset.y().as<std::int32_t>(), dataset.classes());
  return result;
}

}  // namespace evenkeel
