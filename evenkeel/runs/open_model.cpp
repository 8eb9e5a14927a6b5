#include "evenkeel/runs/open_model.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "evenkeel/base/limits.h"
#include "evenkeel/base/text.h"
#include "evenkeel/data/class_names.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/interchange/preprocessing.h"
#include "evenkeel/interchange/pytorch/state_dict.h"
#include "evenkeel/nn/compile.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/runs/checkpoint_folder.h"
#include "evenkeel/runs/import_folder.h"
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

TensorsInMemory in_memory(formats::SafetensorsFile&& tensors) {
  return std::make_shared<formats::SafetensorsFile>(std::move(tensors));
}

OpenedModel import_model(const fs::path& path, const OpenOptions& options) {
  interchange::Imported imported = interchange::import_network(path, options.import);
  imported.file.training = training_keys().checked(imported.file.training);
  OpenedModel opened{.file = std::move(imported.file),
                     .weights = path,
                     .notes = imported.record.warnings,
                     .record = std::move(imported.record),
                     .tensors = in_memory(std::move(imported.weights))};
  if (!imported.slots.tensors.empty()) opened.slots = in_memory(std::move(imported.slots));
  return opened;
}

/// The slots beside the weights of an imported network.
TensorsInMemory slots_in(const fs::path& folder) {
  const fs::path slots = folder / kImportedSlots;
  if (!formats::exists(slots) || !formats::exists(folder / kImportRecord)) return {};
  return in_memory(formats::read_safetensors(slots));
}

void set_layouts(ReadAs& as, const interchange::Record& record) {
  as.preprocess = record.preprocess;
  as.or_channels_first = record.format == "onnx";
}

void add_preprocessing(OpenedModel& opened, const OpenOptions& options) {
  if (opened.record) set_layouts(opened.read_as, *opened.record);
  if (options.preprocess.empty()) return;
  opened.file.model = interchange::with_preprocessing(
      opened.file.model, interchange::preprocessing_named(options.preprocess), options.force_preprocess);
  opened.read_as.preprocess = options.preprocess;
  if (opened.record) opened.record->preprocess = options.preprocess;
}

/// The class names in a weights file's metadata.
std::vector<std::string> class_names_in(const std::map<std::string, std::string>& metadata, const std::string& file) {
  const auto names = metadata.find("class_names");
  if (names == metadata.end()) return {};
  using Json = nlohmann::ordered_json;
  const std::string where = file + ": metadata \"class_names\"";
  const Json json = formats::parse_json(names->second, where);
  if (!json.is_array() || !std::ranges::all_of(json, [](const Json& name) { return name.is_string(); }))
    throw Error{{.where = where, .expected = "a JSON list of texts", .received = shortened(names->second, 100)}};
  return checked_class_names(json.get<std::vector<std::string>>(), where);
}

OpenedModel open_folder(const fs::path& path);

}  // namespace

ReadAs read_as(const RunDescription& run, const std::optional<interchange::Record>& record) {
  ReadAs as{.image_dtype = run.image_dtype, .labels = run.labels, .channels_first = run.channels_first};
  if (record) set_layouts(as, *record);
  if (!run.preprocess.empty()) as.preprocess = run.preprocess;
  return as;
}

OpenedModel open_model(const fs::path& path, const OpenOptions& options) {
  OpenedModel opened = formats::is_folder(path)        ? open_folder(path)
                       : interchange::is_foreign(path) ? import_model(path, options)
                                                       : OpenedModel{.file = checked_file(path)};
  add_preprocessing(opened, options);
  return opened;
}

namespace {

OpenedModel open_folder(const fs::path& path) {
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
            path / "checkpoints",
            [&](const Error& error) { notes.push_back(std::string("passed over: ") + error.what()); },
            of_model(file->model)))
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
          .notes = std::move(notes),
          .record = import_record_in(path),
          .slots = slots_in(path)};
}

}  // namespace

OpenedModel open_trained(const fs::path& path, const fs::path& weights, const OpenOptions& options) {
  OpenedModel opened = open_model(path, options);
  if (!weights.empty()) use_weights(opened, weights, options);
  if (!opened.weights)
    throw Error{{.where = path.string(),
                 .expected = "--weights FILE beside a model file",
                 .received = "none",
                 .hint = "Or name the run folder that `evenkeel train` made: it has its weights."}};
  return opened;
}

void use_weights(OpenedModel& model, const fs::path& weights, const OpenOptions& options) {
  model.weights = weights;
  model.tensors = model.slots = {};
  if (interchange::is_foreign(weights)) {
    OpenedModel other = import_model(weights, options);
    model.tensors = std::move(other.tensors);
    model.slots = std::move(other.slots);
    return;
  }
  if (options.weights_format == "pytorch") {
    model.tensors = in_memory(interchange::from_state_dict(model.file.model, formats::read_safetensors(weights),
                                                           model.record ? &*model.record : nullptr, &model.notes));
    return;
  }
  model.slots = slots_in(weights.parent_path());
}

LoadedNetwork load_network(const OpenedModel& model, NetworkOptions options) {
  options.draw_weights = false;
  LoadedNetwork loaded{.network = std::make_unique<Network>(model.file.model, std::move(options)), .class_names = {}};
  loaded.class_names = load_weights_into(*loaded.network, model);
  return loaded;
}

LoadedNetwork load_network(const fs::path& path, const fs::path& weights) {
  const OpenedModel opened = open_trained(path, weights);
  return load_network(opened, network_options(opened.file.training));
}

std::vector<std::string> load_weights_into(Network& network, const OpenedModel& model) {
  const fs::path& path = model.weights.value();
  if (!model.tensors) return load_weights_into(network, path);
  const auto metadata = load_weights(std::move(*model.tensors), path.string(), network.weights(), network.store());
  *model.tensors = {};
  return class_names_in(metadata, path.string());
}

std::vector<std::string> load_weights_into(Network& network, const fs::path& path) {
  const auto metadata = load_weights(path, network.weights(), network.store());
  const auto format = metadata.find("format");
  if (format != metadata.end() && format->second == kCheckpointFormat)
    if (const auto averages = averages_in(path)) network.set_trainable(*averages);
  return class_names_in(metadata, path.string());
}

bool set_optimizer_state(Trainer& trainer, const OpenedModel& model) {
  if (!model.slots) return false;
  std::uint64_t steps = 0;
  if (const auto step = model.slots->metadata.find("step"); step != model.slots->metadata.end()) {
    const char* end = step->second.data() + step->second.size();
    if (const auto [rest, problem] = std::from_chars(step->second.data(), end, steps);
        problem != std::errc() || rest != end || steps > static_cast<std::uint64_t>(limits::kSteps))
      throw Error{{.where = model.weights.value().string() + ": the optimizer's step",
                   .expected = "a whole number of steps",
                   .received = shortened(step->second, 40)}};
  }
  return trainer.set_optimizer_state(model.slots->tensors, steps);
}

formats::SafetensorsFile tensors_of(const OpenedModel& model) {
  return tensors_of(*load_network(model, network_options(model.file.training)).network);
}

formats::SafetensorsFile tensors_of(const Network& network) {
  formats::SafetensorsFile file;
  for (const WeightInfo& weight : network.weights())
    file.add(weight.name, converted(network.weight(weight.name), DType::float32));
  return file;
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
