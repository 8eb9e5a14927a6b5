#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "evenkeel/train/callbacks/monitor.h"

namespace evenkeel {

struct ModelCheckpointOptions {
  /// "{epoch}" and "{step}" in it are replaced by their numbers.
  std::filesystem::path file;
  /// With a monitor: only when it improves.
  std::optional<std::string> best_of = {};
  std::int64_t every_steps = 0;                      ///< 0: after each epoch
  std::map<std::string, std::string> metadata = {};  ///< of the weights file: "model", "class_names"
};

/// Writes weights files while training: the last, every N steps, or the best by a figure (Keras's ModelCheckpoint).
/// What resumes a run is CheckpointFolder.
class ModelCheckpoint {
 public:
  static constexpr std::string_view kName = "model_checkpoint";

  explicit ModelCheckpoint(ModelCheckpointOptions options);
  void on_begin(const FitBegin& begin);
  void on_step(const StepEnd& step, Trainer& trainer);
  void on_epoch(const EpochRecord& record, Trainer& trainer);
  CallbackState save() const;
  void load(const CallbackState& state) { monitor_.load(state); }

 private:
  void write(Trainer& trainer, std::int64_t epoch, std::uint64_t step) const;

  ModelCheckpointOptions options_;
  Monitor monitor_;
};

}  // namespace evenkeel
