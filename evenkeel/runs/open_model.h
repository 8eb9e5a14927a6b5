#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/data/image_folder.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/train/network.h"

namespace evenkeel {

/// What a MODEL is: its description and where its weights are.
struct OpenedModel {
  ModelFile file;
  std::optional<std::filesystem::path> weights = {};  ///< a run folder's, or those that were named
  std::vector<std::string> notes = {};                ///< damaged checkpoints that were passed over
};

/// A TOML model file, or a run folder: its model.toml and weights.safetensors, or where it is not finished its newest
/// checkpoint that is whole. Throws Error where it is neither, or the file has settings of training that do not exist.
OpenedModel open_model(const std::filesystem::path& path);

/// The same with weights: those of `weights` where that is not empty, else the run folder's. Throws Error where there
/// are none.
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

/// Puts a weights file into a network; of a checkpoint the moving averages, where it has them. Returns the class names
/// that travel in it (empty for a bare file).
std::vector<std::string> load_weights_into(Network& network, const std::filesystem::path& path);

/// What images must be for a model: of its input's shape, where that is an image's.
ImageOptions images_for(const Model& model);

}  // namespace evenkeel
