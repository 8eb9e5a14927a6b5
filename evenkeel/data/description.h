#pragma once

#include <memory>
#include <string>
#include <vector>

#include "evenkeel/data/image_reading.h"
#include "evenkeel/data/statistics.h"
#include "evenkeel/data/unusual_samples.h"

namespace evenkeel {

/// The description of a data set.
struct DatasetDescription {
  enum class Targets { none, labels, values };

  std::string name;
  std::int64_t samples = 0;
  std::optional<Shape> sample_shape = {};  ///< nothing if images have several sizes
  std::int64_t channels = 0;               ///< of those images
  DType dtype = DType::uint8;
  Targets targets = Targets::none;
  std::int64_t classes = 0;
  std::vector<std::string> class_names = {};
  DatasetStatistics statistics = {};
  std::vector<UnusualSample> unusual = {};
  std::vector<std::string> remarks = {};  ///< what is unusual about the set, a sentence each
  std::string fingerprint = {};           ///< empty if images have several sizes
  std::shared_ptr<const ReadingReport> reading = {};
};

DatasetDescription describe(const Dataset& dataset);

/// Describes files, with only a few in memory at a time. Images of several sizes are described too, unless one size is
/// asked for. Defects of files are only in the report. Throws Error if no file gives a sample.
DatasetDescription describe(const ImageFiles& files, const ImageOptions& options);

}  // namespace evenkeel
