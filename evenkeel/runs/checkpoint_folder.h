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
#include "evenkeel/train/trainer.h"

namespace evenkeel {

struct CheckpointFolderOptions {
  std::int64_t every_steps = 0;                      ///< 0: after each epoch
  double every_seconds = 300;                        ///< and at least once in so many seconds
  int keep = 5;                                      ///< how many are kept, the newest
  std::map<std::string, std::string> metadata = {};  ///< "model", "class_names", as in a weights file
  /// Called with a message if a checkpoint could not be written; training goes on.
  std::function<void(const std::string&)> warn = {};
};

/// A callback that writes checkpoints into a folder in the background, and one when training ends or is interrupted.
/// The training step at which one is written waits only for a copy of the tensors.
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

/// Checkpoint files of a folder, newest first; empty if there is no such folder.
std::vector<std::filesystem::path> checkpoints_in(const std::filesystem::path& folder);

/// Whether the folder has the checkpoint of this step: a full disk, for example, may have prevented it.
bool has_checkpoint(const std::filesystem::path& folder, std::uint64_t step);

/// The newest checkpoint that is not damaged and that `fits`, which throws Error for one of another run; or nothing.
/// `passed_over` is called for each newer one, with an error that names it.
struct FoundCheckpoint {
  std::filesystem::path path;
  Checkpoint checkpoint;
};
std::optional<FoundCheckpoint> newest_checkpoint(const std::filesystem::path& folder,
                                                 const std::function<void(const Error&)>& passed_over = {},
                                                 const std::function<void(const Checkpoint&)>& fits = {});

/// For `fits`: refuses the checkpoints of other models.
std::function<void(const Checkpoint&)> of_model(const Model& model);

/// Restores the newest checkpoint of this fit, and says which; nothing if there is none yet. `passed_over` as above.
/// Throws Error, which names the newest, if all that are not damaged are of other runs.
std::optional<std::filesystem::path> restore_newest(Trainer& trainer, const std::filesystem::path& folder,
                                                    const Dataset& data, const FitOptions& fit,
                                                    const std::function<void(const Error&)>& passed_over);

}  // namespace evenkeel
