#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/formats/descriptor.h"

namespace evenkeel {

/// A download in progress: the bytes that have arrived, in NAME.part, and beside it NAME.part.json, which says what
/// file they belong to. Every write goes to the system at once, so the bytes survive a killed program. If nothing has
/// arrived, both files are removed.
class PartialFile {
 public:
  /// Opens the files if they exist. Bytes from another address are dropped.
  PartialFile(const std::filesystem::path& path, std::string_view url);
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile();

  const std::filesystem::path& path() const { return path_; }
  std::int64_t size() const { return size_; }
  /// The server's identification of this version of the file (ETag or Last-Modified); empty if it sent none.
  const std::string& validator() const { return validator_; }

  /// Drops all bytes, to begin again.
  void restart(std::string validator);
  /// Throws Error if the disk is full; the bytes that could be written are kept.
  void append(formats::BytesView bytes);
  /// Waits until all bytes are on the disk.
  void sync();
  /// Removes both files, if they are there.
  static void remove(const std::filesystem::path& path);

 private:
  std::filesystem::path path_;
  std::string url_, validator_;
  formats::Descriptor file_;
  std::int64_t size_ = 0;
};

}  // namespace evenkeel
