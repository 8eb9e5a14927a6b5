#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/formats/descriptor.h"

namespace evenkeel {

/// A download under way: the bytes that have come, in NAME.part, and beside them NAME.part.json, which says what they
/// are the beginning of. Every write goes to the system at once: what came survives the program. Nothing came, nothing
/// is left behind.
class PartialFile {
 public:
  /// Opens what is there. Bytes from another address are dropped.
  PartialFile(const std::filesystem::path& path, std::string url);
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile();

  const std::filesystem::path& path() const { return path_; }
  std::int64_t size() const { return size_; }
  /// The server's word for this version of the file (ETag or Last-Modified); empty if it gave none.
  const std::string& validator() const { return validator_; }

  /// Begins anew, with nothing.
  void restart(std::string validator);
  /// Throws Error where the disk is full; all that fitted is kept.
  void append(formats::BytesView bytes);
  /// Onto the disk.
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
