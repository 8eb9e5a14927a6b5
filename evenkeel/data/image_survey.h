#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/data/image_moments.h"
#include "evenkeel/data/image_reading.h"

namespace evenkeel {

/// What one pass over image files found. It is kept in a cache, because a pass over a large set takes hours.
struct ImageSurvey {
  SampleKind kind = {};
  ReadingReport report = {};
  std::vector<std::int64_t> bad = {};            ///< files that give no sample, ascending
  std::vector<std::int64_t> per_class = {};      ///< samples
  std::vector<ChannelStatistics> channels = {};  ///< of the samples

  /// The files without the bad ones.
  void leave_out_bad(ImageFiles& files) const;
};

/// The survey of the files as `options` say: that of the cache (a folder; empty: none) if the same files were
/// surveyed before, else by a pass over all, which the cache then has.
ImageSurvey survey_images(const ImageFiles& files, const ImageOptions& options, const std::filesystem::path& cache);

/// A survey as JSON. Throws Error, which names the file or `where`, where it is not one of so many files and classes.
ImageSurvey read_image_survey(const std::filesystem::path& path, std::int64_t files, std::int64_t classes);
ImageSurvey parse_image_survey(const std::string& text, const std::string& where, std::int64_t files,
                               std::int64_t classes);
std::string text_of(const ImageSurvey& survey);

}  // namespace evenkeel
