#pragma once

#include <filesystem>

#include "evenkeel/formats/descriptor.h"

namespace evenkeel {

/// While it lives, no other process can lock the folder. The system releases a lock when its process ends in any way.
class FolderLock {
 public:
  /// Makes the folder if it is not there, and removes the temporary files that killed programs left in it. Throws Error
  /// if it cannot be written, or another process has locked it.
  explicit FolderLock(const std::filesystem::path& folder);

  /// Whether the folder was ever locked.
  static bool was_in(const std::filesystem::path& folder);

 private:
  formats::Descriptor file_;
};

}  // namespace evenkeel
