#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "evenkeel/train/callbacks/monitor.h"

namespace evenkeel {

struct ModelCheckpointOptions {
  /// "{epoch}" and "{step}" in it are replaced by their numbers.
  std::filesystem::path file;
  std::string monitor = "val_loss";
  bool save_best_only = false;                       ///< only when the monitor improves
  std::int64_t every_steps = 0;                      ///< 0: after each epoch
  std::map<std::string, std::string> metadata = {};  ///< of the weights file: "model", "class_names"

  static void describe(Fields<ModelCheckpointOptions>&);  ///< by the keys of [training]
};

/// Writes weights files during training: after each epoch, every N steps, or the best by a figure (Keras's
/// ModelCheckpoint). To resume a run, use CheckpointFolder.
class ModelCheckpoint {
 public:
  using Options = ModelCheckpointOptions;
  static constexpr std::string_view kName = "model_checkpoint";
  static constexpr std::string_view kSetting = "save_best";  ///< callbacks.h

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
