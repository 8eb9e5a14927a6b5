#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/data/dataset.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/train/history.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {

/// What a MODEL on the command line means.
struct OpenedModel {
  ModelFile file;
  std::optional<std::filesystem::path> weights;  ///< a run folder's; a TOML file has none
};

/// A TOML model file, or a run folder (its model.toml and weights.safetensors). Throws Error where it is neither, or a
/// run folder lacks one of them (an interrupted run).
OpenedModel open_model(const std::filesystem::path& path);

/// Puts a weights file into a network. Returns the class names that travel in it (empty for a bare file).
std::vector<std::string> load_weights_into(Network& network, const std::filesystem::path& path);

/// Everything needed to run it again, and what it ran on.
struct RunDescription {
  std::vector<std::string> command;  ///< the program's arguments
  std::string data, data_fingerprint;
  std::string validation, validation_fingerprint;  ///< empty without
  bool shuffle = true;
  std::int64_t epochs = 0;
  std::optional<std::int64_t> steps = {};
  std::string initial_weights;  ///< the file training started from; empty: drawn from the seed
  std::string started;          ///< wall-clock time, ISO 8601
};

/// `runs/<name>/`: model.toml, run.json, metrics.csv, weights.safetensors.
class RunFolder {
 public:
  enum class Existing { refuse, replace };

  /// Makes the folder. Throws Error where it cannot be written, or holds a run already and `existing` is refuse.
  /// Replacing, each file keeps its old content until the new one is complete.
  explicit RunFolder(std::filesystem::path path, Existing existing = Existing::refuse);
  /// `runs/<model>-<n>` with the first free n.
  static std::filesystem::path free_path(const std::string& model_name);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path metrics() const { return path_ / "metrics.csv"; }

  /// model.toml and run.json, before training begins.
  void write_description(const ModelFile& model, const Trainer& trainer, const RunDescription& run) const;
  /// weights.safetensors, with the model and the class names in its metadata; run.json gets the result.
  void write_result(const ModelFile& model, Trainer& trainer, const RunDescription& run, const History& history,
                    const std::vector<std::string>& class_names) const;

 private:
  std::filesystem::path path_;
};

}  // namespace evenkeel
