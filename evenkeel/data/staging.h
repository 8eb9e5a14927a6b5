#pragma once

#include <filesystem>
#include <string>

#include "evenkeel/formats/descriptor.h"

namespace evenkeel {

/// Where a folder comes into being: FOLDER.part beside FOLDER, on the same file system. One process at a time holds it.
/// At the end of its life it is removed if it is empty; what is in it waits for the next try.
class StagingFolder {
 public:
  /// `target` is FOLDER; a link is followed. Throws Error if another process is at it or it cannot be made.
  explicit StagingFolder(const std::filesystem::path& target);
  StagingFolder(const StagingFolder&) = delete;
  StagingFolder& operator=(const StagingFolder&) = delete;
  ~StagingFolder();

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  /// Puts a folder of the staging folder in the target's place: where the target has files of the same names, it is
  /// moved aside as a whole, in one step, and the result is its new name ("FOLDER.replaced-1"). Otherwise the files
  /// join those that are there, and the result is empty.
  std::filesystem::path place(const std::filesystem::path& folder) const;
  /// Removes it and all that is in it.
  void remove();

 private:
  std::filesystem::path target_, path_;
  formats::Descriptor lock_;
};

/// A folder that is empty at first, whatever an earlier try left there, and gone at the end.
class ScratchFolder {
 public:
  explicit ScratchFolder(std::filesystem::path path);
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace evenkeel
