#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/data/image_folder.h"
#include "evenkeel/data/npz_dataset.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/runs/run_folder.h"
#include "evenkeel/train/network.h"

namespace evenkeel {

/// How a run read its data, for others that are to be read in the same way.
struct ReadAs {
  std::optional<DType> image_dtype = {};  ///< of images
  std::string labels = {};                ///< of .npz files: a mapping's name (data/label_mapping.h); empty: none
  bool channels_first = false;            ///< of .npz files
};

ReadAs read_as(const RunDescription& run);

/// What a MODEL is: its description and where its weights are.
struct OpenedModel {
  ModelFile file;
  std::optional<std::filesystem::path> weights = {};  ///< the run folder's weights, or the file that the user named
  ReadAs read_as = {};                                ///< how a run folder's data were read
  std::vector<std::string> notes = {};                ///< damaged checkpoints that were skipped
};

/// Opens a TOML model file, or a run folder: its model.toml and weights.safetensors, or, if the run is not finished,
/// its newest checkpoint that is not damaged. Throws Error where `path` is neither, or the model file has unknown
/// training settings.
OpenedModel open_model(const std::filesystem::path& path);

/// The same with weights: the file `weights` if that is not empty, else the run folder's. Throws Error if there are
/// none.
OpenedModel open_trained(const std::filesystem::path& path, const std::filesystem::path& weights = {});

/// A trained model in memory, ready to evaluate.
struct LoadedNetwork {
  std::unique_ptr<Network> network;
  std::vector<std::string> class_names;  ///< those in the weights file; may be empty
};

/// `model` must have weights.
LoadedNetwork load_network(const OpenedModel& model, NetworkOptions options);
/// A MODEL with its own loss, seed and precision.
LoadedNetwork load_network(const std::filesystem::path& path, const std::filesystem::path& weights = {});

/// Loads a weights file into a network; of a checkpoint, the averaged weights if it has them. Returns the class names
/// in the file (empty if it has none).
std::vector<std::string> load_weights_into(Network& network, const std::filesystem::path& path);

/// The names and shapes that arrays of samples need for a model.
std::vector<ArrayOptions::Input> arrays_for(const Model& model);

/// The shape of a sample of a model's main output, for its targets.
Shape output_for(const Model& model);

/// How images are read for a model: in the shape of its input, if that is the shape of an image.
ImageOptions images_for(const Model& model);

}  // namespace evenkeel
