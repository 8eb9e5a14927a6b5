#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/runs/folder_lock.h"
#include "evenkeel/train/history.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {

/// Everything needed to repeat a run, and what it ran on.
struct RunDescription {
  std::vector<std::string> command = {};  ///< the program's arguments
  std::string data = {}, data_fingerprint = {};
  std::int64_t samples = 0;                                             ///< of the data; 0: not recorded
  std::string validation = {}, validation_fingerprint = {};             ///< empty without
  bool resize = false, skip_bad_images = false, strict_colour = false;  ///< what was done with images that do not fit
  std::int64_t resize_side = 0, crop = 0;                               ///< ImageOptions::shorter_side and crop; 0: no
  std::optional<DType> image_dtype = {};                                ///< of samples that were read from images
  std::shared_ptr<const ReadingReport> data_reading = {}, validation_reading = {};  ///< of images; else null
  std::string preprocess = {};             ///< of images (interchange/preprocessing.h), which is in the model; or none
  std::string labels = {};                 ///< the mapping of an .npz file's labels (data/label_mapping.h), by name
  bool channels_first = false;             ///< how an .npz file's images were read
  bool stream = false;                     ///< images were not all in memory (data/streamed_images.h)
  std::int64_t memory = 0, window = 0;     ///< StreamOptions::memory and window
  std::string statistics = {};             ///< "local": of each process's samples; empty: of the whole batch
  std::vector<std::string> warnings = {};  ///< before the first step
  bool shuffle = true;
  std::int64_t epochs = 0;
  std::optional<std::int64_t> steps = {};
  std::string weights_format = {};   ///< of that file, if it is not ours: "pytorch"
  std::string initial_weights = {};  ///< the file training started from; empty: initial weights drawn from the seed
  std::string started = {};          ///< wall-clock time, ISO 8601
};

/// What run.json says about a run, as far as it is needed to resume the run.
struct RecordedRun {
  RunDescription description;
  int threads = 0;   ///< another number of threads gives other bits
  bool fuse = true;  ///< so does the other value of this
  bool finished = false;
  std::string version = {}, precision = {};
  std::string cpu = {}, cpu_features = {};
  std::optional<std::int64_t> weights_epoch = {};  ///< the epoch of the weights, if it is not the last one
  std::optional<std::uint64_t> steps_done = {};    ///< where it ended or was interrupted; nothing while it runs
};

/// Reads run.json of a run folder. Throws Error if there is none, or it is damaged.
RecordedRun read_run(const std::filesystem::path& folder);

/// `runs/<name>/`: model.toml, run.json, metrics.csv, checkpoints/, weights.safetensors. While the object lives, no
/// other process can open the folder in this way.
class RunFolder {
 public:
  /// What may be there: no run; a run, which is removed; a run or none. A model.toml that a program left which was
  /// killed before it wrote run.json is no run.
  enum class Existing { refuse, replace, resume };

  /// Makes the folder and locks it. Throws Error if it cannot be written, another process works in it, or it holds what
  /// `existing` does not allow: with resume, that is weights or checkpoints without a run.json. Removes what killed
  /// programs left unfinished.
  explicit RunFolder(std::filesystem::path path, Existing existing = Existing::refuse);
  /// `runs/<model>-<n>` with the first free n.
  static std::filesystem::path free_path(const std::string& model_name);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path metrics() const { return path_ / "metrics.csv"; }
  std::filesystem::path best() const { return path_ / "best.safetensors"; }
  std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }

  /// Writes model.toml and then run.json, before training begins. From then on the folder holds a run.
  void write_description(const ModelFile& model, const Trainer& trainer, const RunDescription& run) const;
  /// The metadata of the run's weights files and checkpoints: the model as trained, and the class names.
  std::map<std::string, std::string> metadata(const ModelFile& model, const Trainer& trainer, const RunDescription& run,
                                              const std::vector<std::string>& class_names) const;
  /// Writes weights.safetensors, unless the run was interrupted or failed, and the result into run.json, with the
  /// figures of the epoch whose weights these are.
  void write_result(const ModelFile& model, Trainer& trainer, const RunDescription& run, const History& history,
                    const std::vector<std::string>& class_names) const;

 private:
  std::filesystem::path path_;
  std::optional<FolderLock> lock_;
};

}  // namespace evenkeel
