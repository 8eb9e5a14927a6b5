#include "evenkeel/data/statistics.h"

#include "evenkeel/base/error.h"
#include "evenkeel/tensor/statistics.h"

namespace evenkeel {

DatasetStatistics dataset_statistics(const Dataset& dataset) {
  if (dataset.size() == 0)
    throw Error{{.where = "dataset statistics", .expected = "at least one sample", .received = "none"}};
  const ElementStatistics elements = element_statistics(dataset.x());
  DatasetStatistics result{.per_class = {},
                           .mean = elements.mean,
                           .standard_deviation = elements.standard_deviation,
                           .minimum = elements.minimum,
                           .maximum = elements.maximum};
  if (dataset.has_labels()) {
    result.per_class.resize(static_cast<std::size_t>(dataset.classes()));
    for (std::int32_t label : dataset.y().as<std::int32_t>()) ++result.per_class[static_cast<std::size_t>(label)];
  }
  return result;
}

}  // namespace evenkeel
