#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "evenkeel/data/dataset.h"
#include "evenkeel/data/image_reading.h"
#include "evenkeel/data/image_survey.h"

namespace evenkeel {

/// The window of shards of which nothing else is said.
inline constexpr std::int64_t kShardWindow = 16384;

struct StreamOptions {
  /// Bytes for the program's own needs, the batches that are ready and the images that are being decoded; not for what
  /// the network needs. 0: no bound.
  std::int64_t memory = 0;
  int workers = 0;          ///< threads that decode; 0: as many as compute
  std::int64_t window = 0;  ///< samples of shards that are shuffled together; 0: kShardWindow. Files: all
  OnSlowReading on_slow = {};
  std::filesystem::path cache = {};        ///< of what a pass over all images found (image_survey.h); empty: none
  std::optional<ImageSurvey> survey = {};  ///< what a pass with options.skip_bad found, if there was one already
};

/// A data set that reads its images from files or shards when they are needed, with few of them in memory. Its order
/// is that of the files. Without options.skip_bad, a file that gives no sample is an error when it is needed; with it,
/// all are read once before (image_survey.h), and those without a sample left out: so the set is the one that
/// load_images makes. If the kind of samples is not given, it is that of most of some files. Throws Error if the memory
/// is too little.
Dataset stream_images(ImageFiles files, const ImageOptions& images, const StreamOptions& options);

}  // namespace evenkeel
