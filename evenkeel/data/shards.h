#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "evenkeel/data/image_files.h"
#include "evenkeel/data/shard_index.h"
#include "evenkeel/formats/source.h"

namespace evenkeel {

/// Tar archives with samples, in WebDataset's convention: the members KEY.jpg (or .jpeg, .png) and KEY.cls, in any
/// order, are a sample; others (KEY.json, ...) are passed over. KEY ends at the first "." of the file's name. Members
/// are read where they are; a few archives stay open. Several threads may read at once.
class Shards {
 public:
  explicit Shards(std::vector<std::filesystem::path> paths) : paths_(std::move(paths)) {}

  std::int64_t count() const { return std::ssize(paths_); }
  const std::filesystem::path& path(std::int32_t shard) const { return paths_.at(static_cast<std::size_t>(shard)); }
  /// The bytes of a member. Throws Error if they cannot be read, or if their checksum is known and differs.
  formats::Bytes read(const ImageFiles::File& member) const;
  /// Asks the system to read it ahead; does not wait.
  void expect(const ImageFiles::File& member) const;
  /// "shard-000001.tar, member 17.jpg", printable; without the member if it cannot be read.
  std::string name_of(const ImageFiles::File& member) const;

 private:
  std::shared_ptr<const formats::Source> opened(std::int32_t shard) const;

  struct Open {
    std::int32_t shard = -1;
    std::shared_ptr<const formats::Source> archive;
  };
  std::vector<std::filesystem::path> paths_;
  mutable std::mutex mutex_;
  mutable std::array<Open, 32> open_;  ///< shard i is in i % 32
};

/// Whether a SPEC names shards: a .tar file, a pattern of them with braces ("shard-{000000..000099}.tar", or "{a,b}"),
/// or a folder with .tar files and no folders.
bool names_shards(const std::string& spec);

/// The members of the shards of a SPEC, shard by shard. A folder's index (shard_index.h) is used if there is one, and
/// says the names of classes; otherwise the headers of all members are read, and `cache` (a folder; empty: none) keeps
/// the index. `flat`: accepts samples without labels. Throws Error, with shard and member as where, for a shard that is
/// missing, cut short, damaged or not as the index says; a key that occurs twice or with two images; an image without a
/// label, or a label that is no class.
ImageFiles list_shards(const std::string& spec, bool flat, const std::filesystem::path& cache = {});

/// "a-{08..10}.tar" -> a-08.tar, a-09.tar, a-10.tar; "{x,y}" -> x, y. Throws Error for braces that are neither, and for
/// more than a million names.
std::vector<std::string> expanded_braces(const std::string& pattern);

}  // namespace evenkeel
