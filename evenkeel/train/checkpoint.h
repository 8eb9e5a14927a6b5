#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "evenkeel/data/batches.h"
#include "evenkeel/train/callback.h"
#include "evenkeel/train/history.h"

namespace evenkeel {

/// That a callback ended a fit (Trainer::stop).
struct FitEnding {
  std::string reason;
  bool failed = false;
  std::int64_t of_steps = 0;  ///< the steps that the fit would have made
};

/// The progress of a fit.
struct FitProgress {
  std::uint64_t first_step = 0;  ///< updates the trainer had made before this fit
  std::int64_t steps = 0;        ///< updates of this fit
  BatchPosition position = {};   ///< of the next batch
  std::int64_t step_in_epoch = 0;
  MetricSums epoch_sums = {};
  double epoch_seconds = 0;
  History history = {};                  ///< of whole epochs
  std::optional<FitEnding> ending = {};  ///< a run that was killed after it must not train on
};

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// The state of a training run. A run that is resumed from it computes the same bits as one without interruption.
struct Checkpoint {
  /// What must be the same in the resumed run: "model", "loss", "optimizer", "batch size", "seed", "data", ...
  std::map<std::string, std::string> identity;
  FitProgress progress;
  double learning_rate_scale = 1;                  ///< factor by which callbacks changed the scheduled rate
  NamedTensors weights;                            ///< with the names of a weights file
  NamedTensors slots;                              ///< the optimizer's, whole blocks: "adam/m"
  std::map<std::string, CallbackState> callbacks;  ///< by name
};

/// One safetensors file, replaced atomically: the weights under their names, "@optimizer/<slot>",
/// "@callbacks/<callback>/<tensor>"; all else is JSON in the metadata, with a crc32c of every tensor and of that JSON.
/// `about` is added to the metadata: "model" and "class_names", as in a weights file. Throws Error (full disk, ...).
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                      const std::map<std::string, std::string>& about = {});

/// The averaged trainable parameters as one block, if a weights file is a checkpoint that has them.
std::optional<Tensor> averages_in(const std::filesystem::path& path);

/// Reads a checkpoint. Throws Error, which names the file and says what is wrong: it is cut short, a checksum differs,
/// or it is not a checkpoint.
Checkpoint read_checkpoint(const std::filesystem::path& path);

}  // namespace evenkeel
