#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/formats/checksum.h"

namespace evenkeel {

/// A file as it is published.
struct PublishedFile {
  std::string name;
  std::int64_t bytes = 0;
  formats::Checksum checksum;
};

/// What is published of a named data set, and what its folder contains.
struct PublishedSet {
  std::string name;                  ///< as in named_sources()
  std::string folder;                ///< below the data directory
  std::string url;                   ///< of the published folder
  std::vector<PublishedFile> files;  ///< the files to download
  /// If the one file in `files` is an archive: the files in it that make up the set, with their sizes (0: any); the
  /// archive has them in a folder named `folder`. Empty: the downloads are the set's files.
  std::vector<std::pair<std::string, std::int64_t>> unpacked;
};

/// Published sets and their checksums: the only list of them.
const std::vector<PublishedSet>& published_sets();
/// A published set by name. Throws Error, which lists the published sets, for one that is unknown or not published.
const PublishedSet& published_set(const std::string& name);

/// The state of a set's file on this disk.
enum class FileState {
  as_published,  ///< its checksum is the published one
  differs,       ///< a readable file with another checksum: damaged, or encoded again by someone
  unchecked,     ///< from an archive: its size is right, but no checksum of it is published
  missing,
};
const char* name_of(FileState state);   ///< "as_published", for machines
const char* describe(FileState state);  ///< "differs from the published file (re-encoded?)", for people

/// Whether the file is there, with its published size and checksum.
bool is_as_published(const PublishedFile& file, const std::filesystem::path& path);

struct FileReport {
  std::string name;
  FileState state = FileState::missing;
};
/// The state of each of the set's files in `folder`. Reads the files that have published checksums.
std::vector<FileReport> check_files(const PublishedSet& set, const std::filesystem::path& folder);

}  // namespace evenkeel
