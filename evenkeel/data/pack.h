#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "evenkeel/data/image_files.h"
#include "evenkeel/data/shard_index.h"

namespace evenkeel {

struct PackOptions {
  std::int64_t shard_bytes = 256'000'000;  ///< of a shard, at most, unless a single image is larger
  bool shuffle = true;                     ///< mix the samples: shards of one class each would be no good to train on
  std::uint64_t seed = 0;                  ///< of that order
  bool skip_bad = false;                   ///< leave out files that are no image, instead of refusing them
  /// Called with images done and all; false stops: then nothing is left but the files beside `out` (staging.h).
  std::function<bool(std::int64_t done, std::int64_t of)> progress = {};
};

struct Packed {
  ShardIndex index;
  ReadingReport report;
  bool stopped = false;
};

/// Writes images as shards shard-000000.tar, ... with an index (shards.h, shard_index.h) into the folder `out`, which
/// appears with all of them or not at all. Files are copied, not encoded again; each is decoded once, for the
/// statistics and to find those that are damaged. KEY is the file's path with "_" for "." in its name. Memory is
/// bounded. Throws Error if `out` has files, for a file that gives no image unless it may be skipped, or if it cannot
/// write.
Packed pack_images(const ImageFiles& files, const std::filesystem::path& out, const PackOptions& options = {});

}  // namespace evenkeel
