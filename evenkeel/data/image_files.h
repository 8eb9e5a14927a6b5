#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "evenkeel/data/reading_report.h"
#include "evenkeel/formats/bytes.h"

namespace evenkeel {

class Shards;

/// Files that will become samples, before any is opened: each on its own, or a member of a shard (shards.h).
struct ImageFiles {
  struct File {
    std::string name = {};  ///< relative to the folder, in the system's bytes; empty for a member of a shard
    std::int32_t label = 0;
    std::int32_t shard = -1;   ///< of `shards`
    std::uint32_t crc32c = 0;  ///< of a member's bytes, if the index of its shards is known
    std::uint32_t bytes = 0;   ///< of a member, from `offset` on
    std::uint64_t offset = 0;
  };

  std::string title;                          ///< of the data set: the folder, with a range
  std::filesystem::path folder;               ///< the folder that names are relative to; may be empty
  std::vector<File> files;                    ///< class by class, in the order of their names
  bool labelled = false;                      ///< whether files have labels
  std::vector<std::string> class_names = {};  ///< of labels; UTF-8
  ReadingReport found = {};                   ///< litter, folders in place of files, classes without files
  std::shared_ptr<const Shards> shards = {};  ///< that have the files as members; null: files on their own

  std::int64_t classes() const;  ///< the class names' count, else the largest label + 1; 0 without labels
  bool is_in_shard(const File& file) const { return file.shard >= 0; }
  /// The bytes of a file. Throws Error if it cannot be read, or if its checksum differs.
  formats::Bytes read(const File& file) const;
  /// How many; 0 if it cannot be found out.
  std::uint64_t stored_bytes(const File& file) const;
  /// For people: "cat/1.jpg", "shard-000001.tar, member 17.jpg"; printable. That of a member is read from its shard.
  std::string name_of(const File& file) const;
  /// The same with the folder, as where of errors.
  std::string place_of(const File& file) const;
  /// The file that must be read; nothing is read to say it.
  std::filesystem::path path_of(const File& file) const;

  /// Files [begin, end), as in Dataset::range(); all classes stay.
  ImageFiles range(std::int64_t begin, std::int64_t end) const;
};

/// A folder with one subfolder per class. Classes are the subfolders in the order of their names; one without images is
/// a class without samples. Litter (litter.h), and files beside the classes, are ignored and counted. `flat`: accepts a
/// folder without subfolders too, without labels. Throws Error if the folder cannot be read or has no such files; the
/// error then says which of its folders may be meant.
ImageFiles list_image_folder(const std::filesystem::path& folder, bool flat);

/// The given files, without labels. Throws Error if there are none.
ImageFiles list_images(const std::vector<std::filesystem::path>& files);

}  // namespace evenkeel
