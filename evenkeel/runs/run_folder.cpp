#include "evenkeel/runs/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "evenkeel/base/cpu.h"
#include "evenkeel/base/limits.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/version.h"
#include "evenkeel/data/reading_report_json.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/runs/checkpoint_folder.h"
#include "evenkeel/runs/import_folder.h"
#include "evenkeel/train/settings.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

Json json_of(const FieldValue& value) {
  const auto json = []<class T>(const T& v) {
    if constexpr (std::same_as<T, std::monostate>)
      return Json();
    else
      return Json(v);
  };
  return std::visit(json, value);
}

Json json_of(const Metrics& metrics) {
  Json json{{"loss", metrics.loss}};
  if (metrics.accuracy) json["accuracy"] = *metrics.accuracy;
  return json;
}

std::string text_of(const Json& json) { return formats::json_text(json, 2) + '\n'; }

/// An optimizer or a schedule: its name and its fields.
Json json_of_choice(const auto& chosen) {
  Json json{{"name", name_of(chosen)}};
  for (const auto& [key, value] : settings_of(chosen)) json[key] = json_of(value);
  return json;
}

/// A path may have bytes that no JSON has. Then they stand beside it in hexadecimal digits ("spec_bytes"), so that the
/// run can be resumed.
void put_path(Json& json, const std::string& key, const std::string& path) {
  json[key] = path;
  if (printable(path) == path) return;
  std::string bytes;
  for (const char c : path) bytes += fmt::format("{:02x}", static_cast<unsigned char>(c));
  json[key + "_bytes"] = bytes;
}

std::string path_of(const Json& json, const std::string& key) {
  const auto bytes = json.value(key + "_bytes", std::string());
  if (bytes.empty()) return json.at(key);
  std::string path;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
    path += static_cast<char>(std::stoi(bytes.substr(i, 2), nullptr, 16));
  return path;
}

Json json_of_data(const std::string& spec, const std::string& fingerprint) {
  Json json;
  put_path(json, "spec", spec);
  json["fingerprint"] = fingerprint;
  return json;
}

Json description(const Trainer& trainer, const RunDescription& run) {
  const TrainerOptions& o = trainer.options();
  Json augmentation = Json::object();
  for (const auto& [key, value] : settings_of(o.augmentation)) augmentation[key] = json_of(value);
  const Machine& machine = Machine::here();
  Json json{{"evenkeel", kVersion},
            {"command", run.command},
            {"started", run.started},
            {"data", json_of_data(run.data, run.data_fingerprint)},
            {"loss", name_of(o.loss)},
            {"optimizer", json_of_choice(o.optimizer)},
            {"schedule", json_of_choice(o.schedule)},
            {"batch_size", o.batch_size},
            {"seed", o.seed},
            {"resize", run.resize},
            {"skip_bad_images", run.skip_bad_images},
            {"color", run.strict_colour ? "strict" : "convert"},
            {"shuffle", run.shuffle},
            {"augmentation", augmentation},
            {"precision", name_of(o.compute.precision)},
            {"threads", trainer.network().threads()},
            {"fuse", o.compute.fuse},
            {"machine", {{"cpu", machine.cpu}, {"features", machine.features()}, {"cores", machine.cores}}}};
  json["data"]["samples"] = run.samples;
  if (run.steps)
    json["steps"] = *run.steps;
  else
    json["epochs"] = run.epochs;
  for (const auto& [key, value] : settings_of(o.loss)) json[key] = json_of(value);
  if (!o.class_weight.empty()) json["class_weight"] = o.class_weight;
  if (!run.validation.empty()) json["validation"] = json_of_data(run.validation, run.validation_fingerprint);
  if (run.resize_side > 0) json["resize_side"] = run.resize_side;
  if (run.crop > 0) json["crop"] = run.crop;
  if (run.stream) json["stream"] = {{"memory", run.memory}, {"window", run.window}};
  if (!run.preprocess.empty()) json["preprocess"] = run.preprocess;
  if (!run.labels.empty()) json["labels"] = run.labels;
  if (!run.statistics.empty()) json["statistics"] = run.statistics;
  if (run.channels_first) json["channels_first"] = true;
  if (!run.warnings.empty()) json["warnings"] = run.warnings;
  if (run.image_dtype) json["image_dtype"] = name_of(*run.image_dtype);
  if (run.data_reading) json["data"]["reading"] = json_of(*run.data_reading);
  if (run.validation_reading) json["validation"]["reading"] = json_of(*run.validation_reading);
  if (!run.initial_weights.empty()) put_path(json, "initial_weights", run.initial_weights);
  if (!run.weights_format.empty()) json["weights_format"] = run.weights_format;
  return json;
}

/// The model file with the training settings that were used, so that the folder's model.toml repeats the run.
ModelFile as_trained(ModelFile file, const Trainer& trainer, const RunDescription& run) {
  Settings used = training_settings(trainer.options());
  if (run.steps)
    used.set({"steps", *run.steps});
  else if (run.epochs > 0)
    used.set({"epochs", run.epochs});
  file.training = overridden(file.training, used);
  return file;
}

/// Throws Error if the folder holds what RunFolder must not write over. `had_lock`: some program made it a run folder.
void check_contents(const fs::path& folder, RunFolder::Existing existing, bool had_lock) {
  const bool resume = existing == RunFolder::Existing::resume, is_run = formats::exists(folder / "run.json");
  if (existing == RunFolder::Existing::replace || (resume && is_run)) return;
  const auto refuse = [&](const std::string& what) {
    throw Error{{.where = folder.string(),
                 .expected = "a folder without a run",
                 .received = (resume ? "one without run.json that holds " : "one that holds ") + what,
                 .hint = is_run || what == "model.toml"
                             ? "Continue it with --resume, choose another --out, or remove the folder."
                             : "Choose another --out, or remove the folder."}};
  };
  if (is_run) refuse("run.json");
  if (formats::exists(folder / "weights.safetensors")) refuse("weights.safetensors");
  if (formats::is_folder(folder / "checkpoints") && !checkpoints_in(folder / "checkpoints").empty())
    refuse("checkpoints");
  if (!resume && !had_lock && formats::exists(folder / "model.toml")) refuse("model.toml");
}

/// Removes a run's files. The first one makes it no run, so that the others are never taken for those of the next run.
void remove_run(const RunFolder& folder) {
  for (const fs::path& path : {folder.path() / "run.json", folder.path() / "weights.safetensors", folder.best(),
                               folder.metrics(), folder.checkpoints(), folder.path() / kImportRecord}) {
    std::error_code failure;
    fs::remove_all(path, failure);
    if (failure)
      throw Error{{.kind = kind_of_failure(failure),
                   .where = path.string(),
                   .expected = "a file that can be removed",
                   .received = failure.message()}};
    formats::sync_folder(folder.path());
  }
}

}  // namespace

RecordedRun read_run(const fs::path& folder) {
  constexpr std::int64_t kMostThreads = 1 << 16;
  const fs::path path = folder / "run.json";
  const Json json = formats::read_json(path);
  if (json.is_discarded())
    throw Error{{.where = path.string(), .expected = "the record of a run", .received = "text that is not JSON"}};
  try {
    RecordedRun recorded;
    RunDescription& run = recorded.description;
    json.at("command").get_to(run.command);
    run.data = path_of(json.at("data"), "spec");
    json.at("data").at("fingerprint").get_to(run.data_fingerprint);
    const auto count = [](const Json& object, const char* key) {
      return formats::whole_number(object, key, 0, limits::kSteps, "record");
    };
    if (json["data"].contains("samples")) run.samples = count(json["data"], "samples");  // older runs have none
    if (json.contains("validation")) {
      run.validation = path_of(json["validation"], "spec");
      json["validation"].at("fingerprint").get_to(run.validation_fingerprint);
    }
    json.at("resize").get_to(run.resize);
    json.at("skip_bad_images").get_to(run.skip_bad_images);
    run.strict_colour = json.value("color", "") == "strict";
    if (json.contains("image_dtype"))
      run.image_dtype = json["image_dtype"] == name_of(DType::float32) ? DType::float32 : DType::uint8;
    if (json.contains("resize_side")) run.resize_side = count(json, "resize_side");
    if (json.contains("crop")) run.crop = count(json, "crop");
    run.preprocess = json.value("preprocess", "");
    run.labels = json.value("labels", "");
    run.statistics = json.value("statistics", "");
    run.channels_first = json.value("channels_first", false);
    run.stream = json.contains("stream");
    if (run.stream) {
      run.memory = count(json["stream"], "memory");
      run.window = count(json["stream"], "window");
    }
    run.warnings = json.value("warnings", std::vector<std::string>());
    json.at("shuffle").get_to(run.shuffle);
    json.at("started").get_to(run.started);
    recorded.threads = static_cast<int>(formats::whole_number(json, "threads", 1, kMostThreads, "record"));
    recorded.fuse = json.value("fuse", true);
    if (json.contains("steps")) run.steps = count(json, "steps");
    if (json.contains("epochs")) run.epochs = count(json, "epochs");
    if (json.contains("initial_weights")) run.initial_weights = path_of(json, "initial_weights");
    run.weights_format = json.value("weights_format", "");
    json.at("evenkeel").get_to(recorded.version);
    json.at("precision").get_to(recorded.precision);
    json.at("machine").at("cpu").get_to(recorded.cpu);
    json.at("machine").at("features").get_to(recorded.cpu_features);
    if (json.contains("result")) recorded.steps_done = static_cast<std::uint64_t>(count(json["result"], "steps"));
    if (json.contains("result") && json["result"].contains("weights_epoch"))
      recorded.weights_epoch = count(json["result"], "weights_epoch");
    recorded.finished = json.contains("result") && !json["result"].at("interrupted").get<bool>();
    return recorded;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {  // of JSON's, or numbers that are none
    throw Error{{.where = path.string(), .expected = "the record of a run", .received = error.what()}};
  }
}

RunFolder::RunFolder(fs::path path, Existing existing) : path_(std::move(path)) {
  const bool had_lock = FolderLock::was_in(path_);
  check_contents(path_, existing, had_lock);  // before anything is made
  lock_.emplace(path_);
  check_contents(path_, existing, had_lock);  // another process may have been faster
  formats::remove_temporary_files(checkpoints());
  if (existing == Existing::replace) remove_run(*this);
}

fs::path RunFolder::free_path(const std::string& model_name) {
  // Whatever the model's name is, the folder is directly in runs/ and not hidden.
  std::string name = model_name;
  std::ranges::replace(name, '/', '_');
  for (char& c : name) {
    if (c != '.') break;
    c = '_';
  }
  for (int n = 1;; ++n) {
    fs::path path = fs::path("runs") / fmt::format("{}-{}", name, n);
    if (!formats::exists(path)) return path;
  }
}

void RunFolder::write_description(const ModelFile& model, const Trainer& trainer, const RunDescription& run) const {
  formats::write_file_atomically(path_ / "model.toml", write_model_file(as_trained(model, trainer, run)));
  formats::write_file_atomically(path_ / "run.json", text_of(description(trainer, run)));
}

std::map<std::string, std::string> RunFolder::metadata(const ModelFile& model, const Trainer& trainer,
                                                       const RunDescription& run,
                                                       const std::vector<std::string>& class_names) const {
  return {{"model", write_model_file(as_trained(model, trainer, run))},
          {"class_names", formats::json_text(class_names)}};
}

void RunFolder::write_result(const ModelFile& model, Trainer& trainer, const RunDescription& run,
                             const History& history, const std::vector<std::string>& class_names) const {
  if (!history.stopped && !history.failed) {
    const AveragedWeights averaged(trainer.network());
    save_weights(path_ / "weights.safetensors", trainer.network().weights(), trainer.network().store(),
                 metadata(model, trainer, run, class_names));
  }
  Json json = description(trainer, run);
  Json result{{"steps", trainer.steps_done()}, {"interrupted", history.stopped}};
  if (!history.reason.empty()) result["ended_because"] = history.reason;
  if (history.weights_epoch) result["weights_epoch"] = *history.weights_epoch;
  if (const EpochRecord* epoch = history.final_epoch()) {
    result["train"] = json_of(epoch->train);
    if (epoch->validation) result["validation"] = json_of(*epoch->validation);
  }
  json["result"] = result;
  formats::write_file_atomically(path_ / "run.json", text_of(json));
}

}  // namespace evenkeel
