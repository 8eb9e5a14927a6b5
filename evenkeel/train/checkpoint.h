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

/// How far a fit has come.
struct FitProgress {
  std::uint64_t first_step = 0;  ///< updates the trainer had made before this fit
  std::int64_t steps = 0;        ///< updates of this fit
  BatchPosition position = {};   ///< of the next batch
  std::int64_t step_in_epoch = 0;
  MetricSums epoch_sums = {};
  double epoch_seconds = 0;
  History history = {};  ///< of whole epochs
};

using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// A training run at one moment: from here it goes on to the bit as it would have.
struct Checkpoint {
  /// What must be the same in the run that goes on: "model", "loss", "optimizer", "batch size", "seed", "data", ...
  std::map<std::string, std::string> identity;
  FitProgress progress;
  double learning_rate_scale = 1;                  ///< what callbacks made of the scheduled rate
  NamedTensors weights;                            ///< as a weights file names them
  NamedTensors slots;                              ///< the optimizer's, whole blocks: "adam/m"
  std::map<std::string, CallbackState> callbacks;  ///< by name
};

/// One safetensors file, replaced atomically: the weights under their names, "@optimizer/<slot>",
/// "@callbacks/<callback>/<tensor>"; all else as JSON in the metadata, with a crc32c of every tensor and of that.
/// `about` joins the metadata: "model" and "class_names", as in a weights file. Throws Error (full disk, ...).
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                      const std::map<std::string, std::string>& about = {});

/// The moving averages of the trainable parameters as one block, where a weights file is a checkpoint that has them.
std::optional<Tensor> averages_in(const std::filesystem::path& path);

/// Throws Error that names the file and what is damaged: cut short, a sum that does not fit, no checkpoint.
Checkpoint read_checkpoint(const std::filesystem::path& path);

}  // namespace evenkeel
