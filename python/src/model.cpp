#include "model.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/interchange/imported.h"
#include "evenkeel/nn/summary.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/runs/import_folder.h"
#include "evenkeel/train/settings.h"
#include "network_model.h"
#include "values.h"
#include "work.h"

namespace evenkeel::python {
namespace {

namespace nb = nanobind;
namespace fs = std::filesystem;
using Held = std::unique_ptr<NetworkModel>;

/// A node of a graph: its layer, and the names of what it reads; empty: the layer before it.
using Node = std::pair<Layer, std::vector<std::string>>;

Held made(OpenedModel opened, const fs::path& folder = {}) {
  Held model;
  Work::run(nullptr, [&](Work&) { model = std::make_unique<NetworkModel>(std::move(opened), folder); });
  return model;
}

Held build(const std::string& name, const nb::list& inputs, const std::vector<Node>& nodes,
           const std::vector<std::string>& outputs, const nb::dict& training) {
  std::vector<Model::Input> described;
  for (const nb::handle input : inputs)
    described.push_back({nb::cast<std::string>(input[0]), shape_of(input[1], "the input's shape")});
  Model model = Model::with_inputs(std::move(described), name);
  for (const auto& [layer, reads] : nodes) model.append(layer, reads);
  if (!outputs.empty()) model.set_outputs(outputs);
  return made({.file = {.model = std::move(model), .training = training_keys().checked(settings_of(training))}});
}

Held from_toml(const std::string& text, const std::string& where) {
  ModelFile file = parse_model_file(text, where);
  file.training = training_keys().checked(file.training);
  return made({.file = std::move(file)});
}

OpenOptions open_options(const nb::object& input_shape, const std::string& preprocess, bool force_preprocess,
                         const std::string& weights_format) {
  OpenOptions options{.preprocess = preprocess, .force_preprocess = force_preprocess, .weights_format = weights_format};
  if (!input_shape.is_none()) options.import.input_shape = shape_of(input_shape, "input_shape");
  return options;
}

/// A weights file that has its model in its metadata.
OpenedModel open_weights(const fs::path& path) {
  const auto metadata = formats::read_safetensors(path).metadata;
  const auto text = metadata.find("model");
  if (text == metadata.end())
    throw Error{{.where = path.string(),
                 .expected = "weights with their model in the metadata, as Evenkeel saves them",
                 .received = "weights alone",
                 .hint = "Open the model's file, and give this one as weights."}};
  ModelFile file = parse_model_file(text->second, path.string());
  file.training = training_keys().checked(file.training);
  return {.file = std::move(file), .weights = path};
}

Held open(const std::string& path, const std::string& weights, const nb::object& input_shape,
          const std::string& preprocess, bool force_preprocess, const std::string& weights_format) {
  const OpenOptions options = open_options(input_shape, preprocess, force_preprocess, weights_format);
  Held model;
  Work::run(nullptr, [&](Work&) {
    OpenedModel opened = fs::path(path).extension() == ".safetensors" ? open_weights(path) : open_model(path, options);
    if (!weights.empty()) use_weights(opened, weights, options);
    const fs::path folder = weights.empty() && formats::is_folder(path) ? fs::path(path) : fs::path();
    model = std::make_unique<NetworkModel>(std::move(opened), folder);
  });
  return model;
}

std::map<std::string, std::string> metadata_of(NetworkModel& model) {
  std::map<std::string, std::string> metadata = {{"model", write_model_file(model.file())}};
  if (!model.class_names().empty()) metadata["class_names"] = formats::json_text(model.class_names());
  return metadata;
}

void save_file(NetworkModel& model, const fs::path& path) {
  if (path.extension() == ".toml") return formats::write_file_atomically(path, write_model_file(model.file()));
  save_weights(path, model.weights().weights(), model.weights().store(), metadata_of(model));
}

/// By the ending: .onnx, .keras, .safetensors (weights, with the model in their metadata) or .toml (the model alone);
/// else a folder that the program opens too. Returns what the format cannot say.
std::vector<std::string> save(NetworkModel& model, const std::string& file, bool training, bool fold) {
  std::vector<std::string> notes;
  Work::run(&model.mutex(), [&](Work&) {
    const auto averages = model.averaged();
    const fs::path path = file;
    const interchange::Record* record = model.record() ? &*model.record() : nullptr;
    if (path.extension() == ".onnx") {
      const interchange::ExportOptions options{.training = training, .fold = fold};
      notes = interchange::export_onnx(model.model(), tensors_of(model.weights()), path, options, record);
    } else if (path.extension() == ".keras") {
      notes = interchange::export_keras(model.model(), tensors_of(model.weights()), path, record);
    } else if (path.extension() == ".toml" || path.extension() == ".safetensors") {
      save_file(model, path);
    } else {
      fs::create_directories(path);
      save_file(model, path / "model.toml");
      save_file(model, path / "weights.safetensors");
      if (record) write_import_record(*record, path);
    }
  });
  return notes;
}

void load_file(NetworkModel& model, const std::string& path, const std::string& weights_format) {
  Work::run(&model.mutex(), [&](Work&) {
    OpenedModel opened{.file = model.file(), .record = model.record()};
    use_weights(opened, path, {.weights_format = weights_format});
    const auto names = load_weights_into(model.weights(), opened);
    if (!names.empty()) model.set_class_names(names);
  });
}

nb::list layers_of(const NetworkModel& model) {
  const ModelSummary summary = summarize(model.model());
  nb::list layers;
  for (const Model::Node& node : model.model().nodes()) {
    nb::list inputs;
    for (const int input : node.inputs) inputs.append(model.model().name_of(input));
    const auto found = std::ranges::find(summary.layers, node.layer.name(), &LayerSummary::name);
    nb::dict dict;
    dict["layer"] = nb::cast(node.layer);
    dict["name"] = node.layer.name();
    dict["inputs"] = inputs;
    dict["output_shape"] = found == summary.layers.end() ? nb::none() : nb::object(tuple_of(found->output_shape));
    dict["parameters"] = found == summary.layers.end() ? 0 : found->parameters;
    layers.append(dict);
  }
  return layers;
}

nb::list inputs_of(const NetworkModel& model) {
  nb::list inputs;
  for (const Model::Input& input : model.model().inputs())
    inputs.append(nb::make_tuple(input.name, tuple_of(input.shape)));
  return inputs;
}

std::vector<std::string> outputs_of(const NetworkModel& model) {
  std::vector<std::string> names;
  for (const int output : model.model().outputs()) names.push_back(model.model().name_of(output));
  return names;
}

nb::list weights_of_model(NetworkModel& model) {
  nb::list weights;
  for (const WeightInfo& weight : model.weights().weights())
    weights.append(nb::make_tuple(weight.name, tuple_of(weight.shape), weight.is_state, weight.trainable));
  return weights;
}

/// A view over the weight's own memory, which outlives the model.
nb::object weight(NetworkModel& model, const std::string& name) {
  Store& store = model.weights().store();
  const Block& block = store.state.has(name) ? store.state : store.parameters;
  return array_over(model.weights().weight(name), std::make_shared<Block>(block), true);
}

nb::object record_of(const NetworkModel& model) {
  if (!model.record()) return nb::none();
  const interchange::Record& record = *model.record();
  nb::dict layers;
  for (const auto& layer : record.layers) layers[layer.name.c_str()] = layer.foreign;
  nb::dict dict;
  dict["format"] = record.format;
  dict["file"] = record.file;
  dict["producer"] = record.producer;
  dict["version"] = record.version;
  dict["layers"] = layers;
  dict["lost"] = record.lost;
  dict["recognised"] = record.recognised;
  dict["warnings"] = record.warnings;
  return dict;
}

void set_learning_rate(NetworkModel& model, double rate) {
  Trainer* const trainer = model.current_trainer();
  if (!trainer)
    throw Error{{.where = "learning_rate",
                 .expected = "a model that is being trained",
                 .received = "one that has not been trained here",
                 .hint = "Give fit an optimizer with this learning rate."}};
  trainer->set_learning_rate(rate);
}

}  // namespace

void bind_model(nb::module_& m) {
  nb::class_<NetworkModel>(m, "NetworkModel", "A model with its weights.")
      .def_prop_ro("name", [](const NetworkModel& model) { return model.model().name(); })
      .def_prop_ro("inputs", &inputs_of)
      .def_prop_ro("outputs", &outputs_of)
      .def_prop_ro("layers", &layers_of)
      .def_prop_ro("summary", [](const NetworkModel& model) { return summary(model.model()); })
      .def_prop_ro("output_shape", [](const NetworkModel& model) { return tuple_of(output_for(model.model())); })
      .def_prop_ro("parameters", [](const NetworkModel& model) { return summarize(model.model()).total; })
      .def_prop_ro("toml", [](const NetworkModel& model) { return write_model_file(model.file()); })
      .def_prop_ro("training", [](const NetworkModel& model) { return dict_of(model.training()); })
      .def_prop_rw("class_names", &NetworkModel::class_names, &NetworkModel::set_class_names)
      .def_prop_ro("notes", &NetworkModel::notes)
      .def_prop_ro("record", &record_of)
      .def_prop_ro("seed", &NetworkModel::seed)
      .def_prop_ro("steps", &NetworkModel::steps_done)
      .def_prop_ro("weights", &weights_of_model)
      .def("weight", &weight, nb::arg("name"))
      .def_prop_rw(
          "learning_rate",
          [](NetworkModel& model) {
            return model.current_trainer() ? nb::cast(model.current_trainer()->learning_rate()) : nb::none();
          },
          &set_learning_rate)
      .def("save", &save, nb::arg("path"), nb::arg("training"), nb::arg("fold"))
      .def("load_weights", &load_file, nb::arg("path"), nb::arg("weights_format"))
      .def("clone", [](NetworkModel& model) {
        Held copy;
        Work::run(&model.mutex(), [&](Work&) { copy = model.clone(); });
        return copy;
      });
  m.def("build", &build, nb::arg("name"), nb::arg("inputs"), nb::arg("nodes"), nb::arg("outputs"), nb::arg("training"));
  m.def("from_toml", &from_toml, nb::arg("text"), nb::arg("where"));
  m.def("open", &open, nb::arg("path"), nb::arg("weights"), nb::arg("input_shape").none(), nb::arg("preprocess"),
        nb::arg("force_preprocess"), nb::arg("weights_format"));
}

}  // namespace evenkeel::python
