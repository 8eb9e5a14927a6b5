#include "evenkeel/train/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "evenkeel/base/cpu.h"
#include "evenkeel/base/version.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/train/settings.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json json_of(const FieldValue& value) {
  const auto json = []<class T>(const T& v) {
    if constexpr (std::same_as<T, std::monostate>) return Json();
    else return Json(v);
  };
  return std::visit(json, value);
}

Json json_of(const Metrics& metrics) {
  Json json{{"loss", metrics.loss}};
  if (metrics.accuracy) json["accuracy"] = *metrics.accuracy;
  return json;
}

/// An optimizer or a schedule: its name and its fields.
Json json_of_choice(const auto& chosen) {
  Json json{{"name", name_of(chosen)}};
  for (const auto& [key, value] : settings_of(chosen)) json[key] = json_of(value);
  return json;
}

Json description(const Trainer& trainer, const RunDescription& run) {
  const TrainerOptions& o = trainer.options();
  const Machine& machine = Machine::here();
  Json json{{"evenkeel", kVersion},
            {"command", run.command},
            {"started", run.started},
            {"data", {{"spec", run.data}, {"fingerprint", run.data_fingerprint}}},
            {"loss", name_of(o.loss)},
            {"optimizer", json_of_choice(o.optimizer)},
            {"schedule", json_of_choice(o.schedule)},
            {"batch_size", o.batch_size},
            {"seed", o.seed},
            {"shuffle", run.shuffle},
            {"precision", "float32"},
            {"threads", trainer.network().threads()},
            {"machine", {{"cpu", machine.cpu}, {"features", machine.features()}, {"cores", machine.cores}}}};
  if (run.steps)
    json["steps"] = *run.steps;
  else
    json["epochs"] = run.epochs;
  for (const auto& [key, value] : settings_of(o.loss)) json[key] = json_of(value);
  if (!o.class_weight.empty()) json["class_weight"] = o.class_weight;
  if (!run.validation.empty())
    json["validation"] = {{"spec", run.validation}, {"fingerprint", run.validation_fingerprint}};
  if (!run.initial_weights.empty()) json["initial_weights"] = run.initial_weights;
  return json;
}

/// The model file with the training settings that were used, so that the folder's model.toml repeats the run.
ModelFile as_trained(ModelFile file, const Trainer& trainer, const RunDescription& run) {
  file.training = settings_of(trainer.options());
  if (run.steps)
    file.training.steps = run.steps;
  else
    file.training.epochs = run.epochs;
  return file;
}

}  // namespace

OpenedModel open_model(const fs::path& path) {
  if (!fs::is_directory(path)) return {.file = read_model_file(path), .weights = {}};
  const fs::path model = path / "model.toml", weights = path / "weights.safetensors";
  for (const fs::path& file : {model, weights})
    if (!fs::exists(file))
      throw Error{{.where = path.string(),
                   .expected = "a run folder with model.toml and weights.safetensors",
                   .received = "one without " + file.filename().string(),
                   .hint = "A run that was cut short leaves no weights; a model file is given as FILE.toml."}};
  return {.file = read_model_file(model), .weights = weights};
}

std::vector<std::string> load_weights_into(Network& network, const fs::path& path) {
  const auto metadata = load_weights(path, network.weights(), network.store());
  const auto names = metadata.find("class_names");
  if (names == metadata.end()) return {};
  const Json json = Json::parse(names->second, nullptr, false);
  if (!json.is_array() || !std::ranges::all_of(json, [](const Json& name) { return name.is_string(); }))
    throw Error{{.where = path.string() + ": metadata \"class_names\"",
                 .expected = "a JSON list of texts",
                 .received = names->second}};
  return json.get<std::vector<std::string>>();
}

RunFolder::RunFolder(fs::path path, Existing existing) : path_(std::move(path)) {
  for (const char* file : {"run.json", "weights.safetensors", "model.toml"})
    if (existing == Existing::refuse && fs::exists(path_ / file))
      throw Error{{.where = path_.string(),
                   .expected = "a folder without a run",
                   .received = std::string("one that holds ") + file,
                   .hint = "Choose another --out, or remove the folder."}};
  std::error_code failure;
  fs::create_directories(path_, failure);
  if (failure || !fs::is_directory(path_))
    throw Error{{.where = path_.string(),
                 .expected = "a folder that can be made",
                 .received = failure ? failure.message() : "a file of that name"}};
}

fs::path RunFolder::free_path(const std::string& model_name) {
  for (int n = 1;; ++n) {
    fs::path path = fs::path("runs") / fmt::format("{}-{}", model_name, n);
    if (!fs::exists(path)) return path;
  }
}

void RunFolder::write_description(const ModelFile& model, const Trainer& trainer, const RunDescription& run) const {
  formats::write_file_atomically(path_ / "model.toml", write_model_file(as_trained(model, trainer, run)));
  formats::write_file_atomically(path_ / "run.json", description(trainer, run).dump(2) + '\n');
}

void RunFolder::write_result(const ModelFile& model, Trainer& trainer, const RunDescription& run,
                             const History& history, const std::vector<std::string>& class_names) const {
  const std::string toml = write_model_file(as_trained(model, trainer, run));
  const AveragedWeights averaged(trainer.network());
  save_weights(path_ / "weights.safetensors", trainer.network().weights(), trainer.network().store(),
               {{"format", "evenkeel-weights-1"}, {"model", toml}, {"class_names", Json(class_names).dump()}});
  Json json = description(trainer, run);
  Json result{{"steps", trainer.steps_done()}, {"interrupted", history.stopped}};
  if (!history.epochs.empty()) {
    result["train"] = json_of(history.epochs.back().train);
    if (history.epochs.back().validation) result["validation"] = json_of(*history.epochs.back().validation);
  }
  json["result"] = result;
  formats::write_file_atomically(path_ / "run.json", json.dump(2) + '\n');
}

}  // namespace evenkeel
