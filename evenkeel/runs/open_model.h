#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evenkeel/data/image_folder.h"
#include "evenkeel/data/npz_dataset.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/runs/run_folder.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {

/// How a run read its data, for others that are to be read in the same way.
struct ReadAs {
  std::optional<DType> image_dtype = {};  ///< of images
  std::string labels = {};                ///< of .npz files: a mapping's name (data/label_mapping.h); empty: none
  bool channels_first = false;            ///< of .npz files
  std::string preprocess = {};            ///< of an imported network: Record::preprocess
  bool or_channels_first = false;         ///< arrays may be in the layout of the network's own file, [N, C, H, W]
};

/// By the record of a run, and of the file that its network came from.
ReadAs read_as(const RunDescription& run, const std::optional<interchange::Record>& record = {});

/// Tensors of a foreign file, in our names and layouts, which are released once they are loaded.
using TensorsInMemory = std::shared_ptr<formats::SafetensorsFile>;

/// What a MODEL is: its description and where its weights are.
struct OpenedModel {
  ModelFile file;
  /// The run folder's weights, or the file that the user named; of a foreign file, that file.
  std::optional<std::filesystem::path> weights = {};
  ReadAs read_as = {};                  ///< how a run folder's data were read
  std::vector<std::string> notes = {};  ///< sentences: damaged checkpoints that were skipped, warnings of an import
  /// What is known of the file that the network came from; nothing for one of ours.
  std::optional<interchange::Record> record = {};
  TensorsInMemory tensors = {};  ///< the weights, if `weights` is not a safetensors file in our names; else null
  TensorsInMemory slots = {};    ///< the optimizer's state that belongs to these weights; null if there is none
};

/// How a MODEL is opened, besides its path.
struct OpenOptions {
  interchange::ImportOptions import = {};
  std::string preprocess = {};      ///< layers to put in front (interchange/preprocessing.h); empty: none
  bool force_preprocess = false;    ///< also if the model begins with such layers
  std::string weights_format = {};  ///< of a weights file that is named: "pytorch", or empty for ours
};

/// Opens a TOML model file; a folder: its model.toml and weights.safetensors, or, of a run that is not finished, its
/// newest checkpoint that is not damaged; or the file of another program (interchange::is_foreign), which is imported.
/// A folder may have an import.json. Throws Error where `path` is none of these, or the model file has unknown training
/// settings.
OpenedModel open_model(const std::filesystem::path& path, const OpenOptions& options = {});

/// The same with weights: the file `weights` if that is not empty, else those of `path`. Throws Error if there are
/// none.
OpenedModel open_trained(const std::filesystem::path& path, const std::filesystem::path& weights = {},
                         const OpenOptions& options = {});

/// Replaces a model's weights, and the optimizer's state, by those of a file: safetensors in the format that the
/// options name, or a foreign file of the same network.
void use_weights(OpenedModel& model, const std::filesystem::path& weights, const OpenOptions& options = {});

/// A trained model in memory, ready to evaluate.
struct LoadedNetwork {
  std::unique_ptr<Network> network;
  std::vector<std::string> class_names;  ///< those in the weights file; may be empty
};

/// `model` must have weights. Tensors in memory are released while they are loaded, so that this can be done once.
LoadedNetwork load_network(const OpenedModel& model, NetworkOptions options);
/// A MODEL with its own loss, seed and precision.
LoadedNetwork load_network(const std::filesystem::path& path, const std::filesystem::path& weights = {});

/// Loads the weights of a model into a network of it, as load_network does. Returns the class names that come with
/// them.
std::vector<std::string> load_weights_into(Network& network, const OpenedModel& model);

/// Sets the optimizer's state from the model's slots, if it has some that fit the trainer's optimizer. Returns whether
/// it did.
bool set_optimizer_state(Trainer& trainer, const OpenedModel& model);

/// Loads a weights file into a network; of a checkpoint, the averaged weights if it has them. Returns the class names
/// in the file (empty if it has none).
std::vector<std::string> load_weights_into(Network& network, const std::filesystem::path& path);

/// A model's tensors as its weights files have them: our names and layouts, float32. Throws Error as load_network does.
formats::SafetensorsFile tensors_of(const OpenedModel& model);
/// The same of a network.
formats::SafetensorsFile tensors_of(const Network& network);

/// The names and shapes that arrays of samples need for a model.
std::vector<ArrayOptions::Input> arrays_for(const Model& model);

/// The shape of a sample of a model's main output, for its targets.
Shape output_for(const Model& model);

/// How images are read for a model: in the shape of its input, if that is the shape of an image.
ImageOptions images_for(const Model& model);

}  // namespace evenkeel
