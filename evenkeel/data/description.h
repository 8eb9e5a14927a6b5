#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evenkeel/data/image_reading.h"
#include "evenkeel/data/statistics.h"
#include "evenkeel/data/unusual_samples.h"

namespace evenkeel {

/// What a data set is.
struct DatasetDescription {
  enum class Targets { none, labels, values };

  std::string name;
  std::int64_t samples = 0;
  std::optional<Shape> sample_shape = {};  ///< nothing where images have several sizes
  std::int64_t channels = 0;               ///< of those images
  DType dtype = DType::uint8;
  Targets targets = Targets::none;
  std::int64_t classes = 0;
  std::vector<std::string> class_names = {};
  DatasetStatistics statistics = {};
  std::vector<UnusualSample> unusual = {};
  std::vector<std::string> remarks = {};  ///< what is unusual about the set, a sentence each
  std::string fingerprint = {};           ///< empty where images have several sizes
  std::shared_ptr<const ReadingReport> reading = {};
};

DatasetDescription describe(const Dataset& dataset);

/// Of files, a few of which are in memory at a time. Images of several sizes are described too, unless one is asked
/// for. What is wrong with files is in the report alone; Throws Error where no file gives a sample.
DatasetDescription describe(const ImageFiles& files, const ImageOptions& options);

}  // namespace evenkeel
