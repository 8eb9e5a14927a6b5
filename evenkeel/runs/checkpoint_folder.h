#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/train/callback.h"
#include "evenkeel/train/checkpoint.h"

namespace evenkeel {

struct CheckpointFolderOptions {
  std::int64_t every_steps = 0;                      ///< 0: after each epoch
  double every_seconds = 300;                        ///< and never less often than this
  int keep = 5;                                      ///< the newest so many stay
  std::map<std::string, std::string> metadata = {};  ///< "model", "class_names", as in a weights file
  /// Told where a checkpoint could not be written; training goes on.
  std::function<void(const std::string&)> warn = {};
};

/// A callback that writes checkpoints into a folder in the background, and one when training ends or is interrupted.
/// The step that meets one pays for a copy of the tensors only.
class CheckpointFolder {
 public:
  explicit CheckpointFolder(std::filesystem::path folder, CheckpointFolderOptions options = {});
  void on_begin(const FitBegin& begin);
  void on_settled(const Settled& settled, Trainer& trainer);

 private:
  class Writer;

  bool is_due(const Settled& settled) const;

  CheckpointFolderOptions options_;
  std::shared_ptr<Writer> writer_;
  std::chrono::steady_clock::time_point last_{};
  std::uint64_t last_step_ = 0;
};

/// Checkpoint files of a folder, newest first; none where there is no such folder.
std::vector<std::filesystem::path> checkpoints_in(const std::filesystem::path& folder);

/// The newest checkpoint that is whole, or nothing. `damaged` is told of each newer one that is not.
struct FoundCheckpoint {
  std::filesystem::path path;
  Checkpoint checkpoint;
};
std::optional<FoundCheckpoint> newest_checkpoint(const std::filesystem::path& folder,
                                                 const std::function<void(const Error&)>& damaged = {});

}  // namespace evenkeel
