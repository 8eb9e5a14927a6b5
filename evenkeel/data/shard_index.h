#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "evenkeel/data/image_moments.h"
#include "evenkeel/formats/source.h"

namespace evenkeel {

/// What is known of shards without reading their images. `evenkeel data pack` writes it beside them, as index.json.
struct ShardIndex {
  struct Sample {
    std::uint64_t offset = 0;  ///< of the image's bytes in the archive
    std::uint32_t bytes = 0;
    std::int32_t label = -1;   ///< -1: none
    std::uint32_t crc32c = 0;  ///< of the image's bytes; 0: unknown
    bool operator==(const Sample&) const = default;
  };
  struct Shard {
    std::string file;  ///< its name in the folder of the index
    std::uint64_t bytes = 0;
    std::vector<Sample> samples = {};
    bool operator==(const Shard&) const = default;
  };
  std::vector<std::string> class_names = {};     ///< empty: the classes have no names
  std::vector<std::int64_t> per_class = {};      ///< samples; empty without labels
  std::vector<ChannelStatistics> channels = {};  ///< of the images as stored, from 0 to 255 (16 bits: 65535)
  std::vector<std::pair<std::string, std::int64_t>> sizes = {};  ///< "480 x 640" (height, width) and how many have it
  std::vector<Shard> shards = {};
  bool operator==(const ShardIndex&) const = default;

  std::int64_t samples() const;
};

inline constexpr const char* kShardIndex = "index.json";

/// One JSON object: "format", "version", the members above, and for each shard the arrays "offsets", "bytes", "labels"
/// and "crc32c". Throws Error, which names the file, where something is missing, of another kind, outside its shard or
/// no class.
ShardIndex read_shard_index(const std::filesystem::path& path);
std::string text_of(const ShardIndex& index);

/// The samples of an archive, by the headers of its members (shards.h). Labels are below `classes`, if that is not 0.
ShardIndex::Shard scanned_shard(const formats::Source& archive, std::int64_t classes, bool needs_labels);

}  // namespace evenkeel
