#pragma once

#include <filesystem>
#include <string>

#include "evenkeel/formats/descriptor.h"

namespace evenkeel {

/// Where a folder is built: FOLDER.part beside FOLDER, on the same file system. One process at a time holds it. The
/// destructor removes it if it is empty; otherwise its files stay for the next try.
class StagingFolder {
 public:
  /// `target` is FOLDER; a link is followed. Throws Error if another process holds the staging folder or it cannot be
  /// made.
  explicit StagingFolder(const std::filesystem::path& target);
  StagingFolder(const StagingFolder&) = delete;
  StagingFolder& operator=(const StagingFolder&) = delete;
  ~StagingFolder();

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  /// Puts a folder of the staging folder in the target's place. If the target has files of the same names, the whole
  /// target is renamed first, in one step, and the result is its new name ("FOLDER.replaced-1"). Otherwise the files
  /// are added to the target, and the result is empty.
  std::filesystem::path place(const std::filesystem::path& folder) const;
  /// Removes it and all that is in it.
  void remove();

 private:
  std::filesystem::path target_, path_;
  formats::Descriptor lock_;
};

/// A folder that is emptied by the constructor and removed by the destructor.
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
