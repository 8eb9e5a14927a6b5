#include <memory>
#include <optional>

#include "commands.h"
#include "common.h"
#include "evenkeel/data/sources.h"
#include "evenkeel/train/csv_log.h"
#include "evenkeel/train/run_folder.h"
#include "evenkeel/train/settings.h"
#include "interruption.h"
#include "progress.h"
#include "table.h"

namespace evenkeel::app {
namespace {

struct TrainArguments {
  Shared shared;
  TrainingSettings settings;
  std::string model, data, validation, weights, out;
  bool no_shuffle = false;
  std::vector<std::string> command_line;
};

/// Keeps the run folder while training. It comes into being when training begins, so a run that was refused leaves
/// nothing behind.
struct Recorder {
  const ModelFile& model;
  const Trainer& trainer;
  const RunDescription& run;
  std::filesystem::path path;
  std::shared_ptr<RunFolder>& folder;
  std::optional<CsvLog> log = {};

  void on_begin(const FitBegin&) {
    folder = std::make_shared<RunFolder>(path);
    folder->write_description(model, trainer, run);
    log.emplace(folder->metrics());
  }
  void on_epoch(const EpochRecord& record) { log->on_epoch(record); }
};

void print_result(const TrainArguments& a, const Trainer& trainer, const History& history,
                  const std::filesystem::path& folder) {
  const EpochRecord& last = history.epochs.back();
  if (a.shared.json) {
    Json json = json_of(last.train);
    if (last.validation) json["validation"] = json_of(*last.validation);
    json["epochs"] = last.epoch;
    json["steps"] = trainer.steps_done();
    json["images_per_s"] = last.images_per_s;
    json["interrupted"] = history.stopped;
    json["folder"] = folder.string();
    print_json(json);
    return;
  }
  Table table({"", ">loss", ">accuracy"});
  const auto row = [&](const char* name, const Metrics& m) {
    table.row({name, number_text(m.loss), m.accuracy ? number_text(*m.accuracy) : ""});
  };
  row("training", last.train);
  if (last.validation) row("validation", *last.validation);
  fmt::print("{}{} steps; weights, metrics and settings are in {}\n", table.text(),
             grouped(static_cast<std::int64_t>(trainer.steps_done())), folder.string());
}

int train(const TrainArguments& a) {
  Interruption interruption;
  const OpenedModel opened = open_model(a.model);
  const TrainingSettings settings = overridden(opened.file.training, a.settings);
  const Dataset data = load_dataset(a.data, Split::train, a.shared.data_dir);
  std::optional<Dataset> validation;
  if (!a.validation.empty()) validation = load_dataset(a.validation, Split::test, a.shared.data_dir);

  Trainer trainer(opened.file.model, trainer_options(settings, a.shared.threads));
  const std::string weights = !a.weights.empty() ? a.weights : opened.weights.value_or("").string();
  std::vector<std::string> class_names = data.class_names();
  if (!weights.empty()) {
    const auto names = load_weights_into(trainer.network(), weights);
    if (class_names.empty()) class_names = names;
  }
  const RunDescription run{.command = a.command_line,
                           .data = a.data,
                           .data_fingerprint = data.fingerprint(),
                           .validation = a.validation,
                           .validation_fingerprint = validation ? validation->fingerprint() : "",
                           .shuffle = !a.no_shuffle,
                           .epochs = settings.epochs.value_or(1),
                           .steps = settings.steps,
                           .initial_weights = weights,
                           .started = now_text()};
  std::shared_ptr<RunFolder> folder;
  const auto path = a.out.empty() ? RunFolder::free_path(opened.file.model.name()) : std::filesystem::path(a.out);
  FitOptions fit{.epochs = run.epochs,
                 .steps = run.steps,
                 .shuffle = run.shuffle,
                 .validation = validation ? &*validation : nullptr,
                 .callbacks = {Recorder{opened.file, trainer, run, path, folder}},
                 .stop = interruption.token()};
  if (!a.shared.quiet) fit.callbacks.emplace_back(ProgressBar(run.steps.has_value()));
  const History history = trainer.fit(data, fit);
  folder->write_result(opened.file, trainer, run, history, class_names);
  if (history.stopped) say(a.shared, "stopped after step {}; the weights are saved", trainer.steps_done());
  print_result(a, trainer, history, path);
  return history.stopped ? kInterrupted : kDone;
}

}  // namespace

void add_train(CLI::App& app, Command& chosen, const std::vector<std::string>& command_line) {
  const auto a = std::make_shared<TrainArguments>();
  CLI::App& command = add_command(
      app, "train", "Trains a model and leaves a run folder with its weights, metrics and settings.",
      "  evenkeel train examples/models/lenet.toml --data mnist --validation mnist:test --epochs 3 --out runs/lenet\n"
      "  evenkeel train model.toml --data images.npz --loss mse --optimizer sgd --learning-rate 0.05 --steps 1000");
  add_model(command, a->model);
  add_data_flag(command, a->data, true);
  command.add_option("--validation", a->validation, "data evaluated after each epoch")->option_text("SPEC");
  add_all_settings(command, a->settings);
  command.get_option("--steps")->excludes(command.get_option("--epochs"));
  add_precision_flag(command, a->shared);
  command.add_flag("--no-shuffle", a->no_shuffle, "take the samples in their order");
  command.add_option("--weights", a->weights, "start from this safetensors file, not from the seed")
      ->option_text("FILE");
  command.add_option("--out", a->out, "the run folder to make; default runs/<model>-<n>")->option_text("DIR");
  add_threads_flag(command, a->shared);
  add_data_dir_flag(command, a->shared);
  add_output_flags(command, a->shared);
  a->command_line = command_line;
  command.callback([a, &chosen] { chosen = [a] { return train(*a); }; });
}

}  // namespace evenkeel::app
