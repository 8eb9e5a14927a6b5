#include "evenkeel/runs/open_model.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "evenkeel/base/text.h"
#include "evenkeel/data/class_names.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/runs/checkpoint_folder.h"
#include "evenkeel/runs/run_folder.h"
#include "evenkeel/train/settings.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

/// The model file, with its training settings checked and in the order of their keys.
ModelFile checked_file(const fs::path& path) {
  ModelFile file = read_model_file(path);
  file.training = training_keys().checked(file.training);
  return file;
}

}  // namespace

ReadAs read_as(const RunDescription& run) { return {run.image_dtype, run.labels, run.channels_first}; }

OpenedModel open_model(const fs::path& path) {
  if (!formats::is_folder(path)) return {.file = checked_file(path)};
  const fs::path model = path / "model.toml", complete = path / "weights.safetensors", record = path / "run.json";
  std::optional<ModelFile> file;
  if (formats::exists(model)) file = checked_file(model);
  std::vector<std::string> notes;
  std::optional<fs::path> weights;
  const bool is_complete = formats::exists(complete);
  std::optional<RecordedRun> run;
  if (formats::exists(record)) try {
      run = read_run(path);
    } catch (const Error&) {
      if (is_complete) throw;  // a checkpoint needs no record
    }
  if (file && (!is_complete || (run && !run->finished)))
    if (const auto found = newest_checkpoint(
            path / "checkpoints", [&](const Error& error) { notes.emplace_back(error.what()); }, of_model(file->model)))
      weights = found->path;
  if (!weights && is_complete) weights = complete;
  if (!weights || !file)
    throw Error{{.where = path.string(),
                 .expected = "a run folder with model.toml, and weights.safetensors or a checkpoint",
                 .received = "one without " + std::string(!file ? "model.toml" : "weights or a whole checkpoint of it"),
                 .hint = notes.empty() ? "A model file is given as FILE.toml." : notes.front()}};
  return {.file = *std::move(file),
          .weights = weights,
          .read_as = run ? read_as(run->description) : ReadAs{},
          .notes = std::move(notes)};
}

OpenedModel open_trained(const fs::path& path, const fs::path& weights) {
  OpenedModel opened = open_model(path);
  if (!weights.empty()) opened.weights = weights;
  if (!opened.weights)
    throw Error{{.where = path.string(),
                 .expected = "--weights FILE beside a model file",
                 .received = "none",
                 .hint = "Or name the run folder that `evenkeel train` made: it has its weights."}};
  return opened;
}

LoadedNetwork load_network(const OpenedModel& model, NetworkOptions options) {
  options.draw_weights = false;
  LoadedNetwork loaded{.network = std::make_unique<Network>(model.file.model, std::move(options)), .class_names = {}};
  loaded.class_names = load_weights_into(*loaded.network, model.weights.value());
  return loaded;
}

LoadedNetwork load_network(const fs::path& path, const fs::path& weights) {
  const OpenedModel opened = open_trained(path, weights);
  return load_network(opened, network_options(opened.file.training));
}

std::vector<std::string> load_weights_into(Network& network, const fs::path& path) {
  const auto metadata = load_weights(path, network.weights(), network.store());
  const auto format = metadata.find("format");
  if (format != metadata.end() && format->second == kCheckpointFormat)
    if (const auto averages = averages_in(path)) network.set_trainable(*averages);
  const auto names = metadata.find("class_names");
  if (names == metadata.end()) return {};
  using Json = nlohmann::ordered_json;
  const std::string where = path.string() + ": metadata \"class_names\"";
  const Json json = formats::parse_json(names->second, where);
  if (!json.is_array() || !std::ranges::all_of(json, [](const Json& name) { return name.is_string(); }))
    throw Error{{.where = where, .expected = "a JSON list of texts", .received = shortened(names->second, 100)}};
  return checked_class_names(json.get<std::vector<std::string>>(), where);
}

std::vector<ArrayOptions::Input> arrays_for(const Model& model) {
  std::vector<ArrayOptions::Input> inputs;
  for (const auto& [name, shape] : model.inputs()) inputs.push_back({name, shape});
  return inputs;
}

Shape output_for(const Model& model) {
  return compile(model, {.batch_size = 1}).layer_outputs.at(static_cast<std::size_t>(model.output()));
}

ImageOptions images_for(const Model& model) {
  ImageOptions options;
  if (model.input_shape().rank() == 3) options.shape = model.input_shape();
  return options;
}

}  // namespace evenkeel
