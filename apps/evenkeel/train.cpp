#include <memory>
#include <optional>

#include "command_tree.h"
#include "commands.h"
#include "common.h"
#include "evenkeel/base/shell.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/base/version.h"
#include "evenkeel/data/class_names.h"
#include "evenkeel/data/reading_report_json.h"
#include "evenkeel/diagnose/codes.h"
#include "evenkeel/diagnose/training_doctor.h"
#include "evenkeel/report/tensorboard/tensorboard.h"
#include "evenkeel/report/writers/text_table.h"
#include "evenkeel/runs/checkpoint_folder.h"
#include "evenkeel/runs/csv_log.h"
#include "evenkeel/runs/import_folder.h"
#include "evenkeel/runs/open_model.h"
#include "evenkeel/runs/run_folder.h"
#include "evenkeel/train/callbacks.h"
#include "evenkeel/train/implied_loss.h"
#include "evenkeel/train/optimizers.h"
#include "evenkeel/train/settings.h"
#include "evenkeel/train/training_notes.h"
#include "interruption.h"
#include "processes.h"
#include "progress.h"
#include "train_plan.h"

namespace evenkeel::app {
namespace {

/// What the doctor found while training.
struct Told {
  Finding finding;
  std::int64_t epoch = 0;
};

Json findings_json(const std::vector<Told>& told) {
  Json json = Json::array();
  for (const auto& [finding, epoch] : told)
    json.push_back({{"code", finding.code},
                    {"severity", name_of(finding.severity)},
                    {"layers", finding.layers},
                    {"cause", finding.cause},
                    {"epoch", epoch}});
  return json;
}

/// What the run's record says against its result, and who explains it; empty where it says nothing.
std::string doubt(const Plan& plan, const Trainer& trainer, const History& history) {
  const RunDescription& run = plan.run;
  const auto updates = run.initial_weights.empty() ? std::optional(trainer.steps_done()) : std::nullopt;
  const std::string note = ending_note(plan.file.model, history, updates);
  if (note.empty()) return {};
  return fmt::format("{} `evenkeel doctor {}{}{}{}` says why.", as_sentence(note), shell_quoted(plan.path.string()),
                     shell_flag("--data", run.validation.empty() ? run.data : run.validation),
                     shell_flag("--labels", run.labels), run.channels_first ? " --channels-first" : "");
}

Json result_as_json(const TrainArguments& a, const Plan& plan, const Trainer& trainer, const History& history,
                    const std::vector<Told>& told) {
  const EpochRecord shown = history.final_epoch() ? *history.final_epoch() : EpochRecord{};
  Json json = json_of(shown.train);
  if (shown.validation) json["validation"] = json_of(*shown.validation);
  json["epochs"] = history.epochs.empty() ? 0 : history.epochs.back().epoch;
  if (history.weights_epoch) json["weights_epoch"] = *history.weights_epoch;
  json["steps"] = trainer.steps_done();
  json["images_per_s"] = shown.images_per_s;
  json["interrupted"] = history.stopped;
  if (!history.reason.empty()) json["ended_because"] = history.reason;
  json["folder"] = plan.path.string();
  if (plan.run.data_reading) json["reading"]["data"] = json_of(*plan.run.data_reading);
  if (plan.run.validation_reading) json["reading"]["validation"] = json_of(*plan.run.validation_reading);
  if (!plan.run.warnings.empty()) json["warnings"] = plan.run.warnings;
  if (const std::string text = doubt(plan, trainer, history); !text.empty()) json["doubt"] = text;
  if (a.doctor) json["findings"] = findings_json(told);
  return json;
}

/// The figures are those of the weights that are kept.
void print_result(const Plan& plan, const Trainer& trainer, const History& history) {
  const EpochRecord shown = history.final_epoch() ? *history.final_epoch() : EpochRecord{};
  const std::string epoch = history.weights_epoch ? fmt::format(", epoch {}", *history.weights_epoch) : "";
  TextTable table({"", ">loss", ">accuracy"});
  const auto row = [&](const char* name, const Metrics& m) {
    table.row({name + epoch, number_text(m.loss), m.accuracy ? number_text(*m.accuracy) : ""});
  };
  row("training", shown.train);
  if (shown.validation) row("validation", *shown.validation);
  print_text(table.text());
  if (history.weights_epoch)
    print("The weights are those of epoch {}, the best of {}.\n", *history.weights_epoch, history.epochs.back().epoch);
  print("{} steps; {}metrics and settings are in {}\n", with_commas(static_cast<std::int64_t>(trainer.steps_done())),
        history.stopped || history.failed ? "" : "weights, ", plan.path.string());
  if (const std::string text = doubt(plan, trainer, history); !text.empty()) print("{}\n", text);
}

/// The set, with the classes that training has; the same as before, where the run has begun.
Dataset load_checked(const Shared& shared, const Plan& plan, const std::string& spec, Split split,
                     const std::string& fingerprint, const std::vector<std::string>& classes = {}) {
  Dataset data =
      with_classes(load_data(shared, plan.file.model, spec, split, {.read_as = read_as(plan.run, plan.record)}),
                   classes, "the training data");
  if (!fingerprint.empty() && data.fingerprint() != fingerprint)
    throw Error{{.where = "data \"" + spec + '"',
                 .expected = "the samples this run began with (fingerprint " + fingerprint + ')',
                 .received = "others (" + data.fingerprint() + ')',
                 .hint = "A run continues with the same data. Start a new run for other data."}};
  return data;
}

/// Puts what the run begins with into the trainer. Returns class names that came with it.
std::vector<std::string> begin(Trainer& trainer, const Plan& plan, const Dataset& data, const FitOptions& fit,
                               const Shared& shared) {
  if (plan.resumes) {
    const auto from = restore_newest(trainer, plan.path / "checkpoints", data, fit,
                                     [&](const Error& error) { say(shared, "passed over: {}", error.what()); });
    say(shared, "{}{}", from ? "continuing from " + from->string() : plan.path.string(),
        from ? "" : " holds no checkpoint yet: starting from the beginning");
    if (from) return {};
  }
  if (plan.run.initial_weights.empty()) return {};
  OpenedModel initial{.file = plan.file, .record = plan.record};
  if (plan.initial)
    initial = *plan.initial;
  else
    use_weights(initial, plan.run.initial_weights, {.weights_format = plan.run.weights_format});
  auto names = load_weights_into(trainer.network(), initial);
  if (set_optimizer_state(trainer, initial))
    say(shared, "{}: the optimizer goes on from its state after {} steps", plan.run.initial_weights,
        with_commas(static_cast<std::int64_t>(trainer.steps_done())));
  else if (initial.slots)
    say(shared, "{}: the state of its optimizer does not fit {}, which begins anew", plan.run.initial_weights,
        name_of(trainer.options().optimizer));
  return names;
}

/// Where no loss is chosen, the one that fits the outputs and the targets.
void choose_loss(Plan& plan, const Dataset& data, const Shared& shared) {
  if (plan.settings.has("loss")) return;
  const ImpliedLoss implied = implied_loss(plan.file.model, data);
  say(shared, "loss: {}, for {}; --loss chooses another", implied.name, implied.because);
  plan.settings.set({.key = "loss", .value = implied.name});
  plan.file.training = plan.settings;
}

/// Says once, before training, what is likely wrong with it.
void warn_before_training(Plan& plan, const Trainer& trainer, const Dataset& data, const FitOptions& fit,
                          const Shared& shared) {
  if (trainer.steps_done() > 0) return;
  plan.run.warnings = training_warnings(plan.file.model, trainer.options(), data, fit);
  const std::int64_t epoch = batches_per_epoch(data.size(), {.batch_size = trainer.options().batch_size});
  if (fit.steps && *fit.steps < epoch && judge_epochs(plan.settings))
    plan.run.warnings.push_back(fmt::format(
        "the run ends within its first epoch of {} steps. What watches a figure judges whole epochs only.", epoch));
  for (const std::string& warning : plan.run.warnings) say(shared, "evenkeel: warning: {}", warning);
}

/// What all processes must have in common.
std::vector<std::pair<std::string, std::string>> identity_of(const Plan& plan, const Trainer& trainer) {
  const RunDescription& run = plan.run;
  std::string settings;
  const Settings all = training_settings(trainer.options());
  for (const Setting& setting : all.all()) settings += setting.key + '=' + to_string(setting.value) + '\n';
  const CommonOptimizerOptions update = common_options(trainer.options().optimizer);
  // The sum of a norm's squares is rounded as threads divide it, and each process computes it for itself.
  const bool has_norm = update.clipnorm || update.global_clipnorm;
  return {
      {"version", kVersion},
      {"program", program_digest()},
      {"--threads, because of the norm of gradients", has_norm ? std::to_string(Threads(plan.threads).count()) : "any"},
      {"model", write_model_file({.model = plan.file.model})},
      {"settings", settings},
      {"--statistics", run.statistics},
      {"order of the data", run.shuffle ? fmt::format("in windows of {}", run.window) : "as it is"},
      {"fingerprint of the data", run.data_fingerprint},
      {"fingerprint of the validation data", run.validation_fingerprint},
      {"length of the run", fmt::format("{} epochs or {} steps", run.epochs, run.steps.value_or(0))},
      {"steps done", std::to_string(trainer.steps_done())},
      {"checksum of the weights", weights_digest(trainer.network())}};
}

/// Those of a process that writes nothing: what decides, by figures that all have.
std::vector<Callback> deciding_callbacks(const Plan& plan) {
  return callbacks_of(plan.settings, {.has_validation = !plan.run.validation.empty()});
}

std::vector<Callback> callbacks_of(const TrainArguments& a, const Plan& plan, const RunFolder& folder,
                                   const Trainer& trainer, const std::vector<std::string>& class_names,
                                   std::vector<Told>& told) {
  const auto metadata = folder.metadata(plan.file, trainer, plan.run, class_names);
  const auto warn = [](const std::string& text) { tell("evenkeel: {}\n", text); };
  std::vector<Callback> callbacks = {CsvLog(folder.metrics(), warn)};
  for (Callback& callback :
       callbacks_of(plan.settings,
                    {.has_validation = !plan.run.validation.empty(), .best = folder.best(), .metadata = metadata}))
    callbacks.push_back(std::move(callback));
  if (a.summary_every > 0) callbacks.emplace_back(TensorBoard(folder.path(), {.every = a.summary_every, .warn = warn}));
  if (!a.shared.quiet) callbacks.emplace_back(ProgressBar(plan.run.steps.has_value()));
  if (a.doctor)
    callbacks.emplace_back(TrainingDoctor({.tell = [&told, warn](const Finding& finding, std::int64_t epoch) {
      warn(fmt::format("{}, epoch {}: {}: {}. See {}.", name_of(finding.severity), epoch, finding.code, finding.cause,
                       documentation_of(finding.code)));
      told.push_back({finding, epoch});
    }}));
  callbacks.emplace_back(
      CheckpointFolder(folder.checkpoints(), {.every_steps = a.checkpoint_every, .metadata = metadata, .warn = warn}));
  return callbacks;
}

int train(const TrainArguments& a) {
  Interruption interruption;
  Plan plan = a.resume ? resumed_run(a) : new_run(a);
  if (plan.finished) {
    say(a.shared, "{} is finished; a larger --epochs or --steps continues it", plan.path.string());
    if (a.shared.json) print_json({{"folder", plan.path.string()}, {"finished", true}});
    return kDone;
  }
  Threads(plan.threads).bind();  // a resumed run's, where no flag says otherwise
  Shared shared = a.shared;
  shared.resize = plan.run.resize;
  shared.resize_side = plan.run.resize_side;
  shared.crop = plan.run.crop;
  shared.skip_bad_images = plan.run.skip_bad_images;
  shared.strict_colour = plan.run.strict_colour;
  shared.labels = plan.run.labels;
  shared.channels_first = plan.run.channels_first;
  shared.stream = plan.run.stream;
  shared.memory = plan.run.memory;
  // Both streams are open while the validation set is evaluated.
  if (shared.stream && !plan.run.validation.empty()) shared.memory /= 2;
  shared.window = plan.run.window;
  const Dataset data = load_checked(shared, plan, plan.run.data, Split::train, plan.run.data_fingerprint);
  plan.run.data_reading = data.reading();
  if (data.reading()) plan.run.image_dtype = data.sample_dtype();
  std::optional<Dataset> validation;
  if (!plan.run.validation.empty())
    validation = load_checked(shared, plan, plan.run.validation, Split::test, plan.run.validation_fingerprint,
                              data.class_names());
  plan.run.data_fingerprint = data.fingerprint();
  plan.run.samples = data.size();
  if (validation) plan.run.validation_fingerprint = validation->fingerprint();
  if (validation) plan.run.validation_reading = validation->reading();

  choose_loss(plan, data, a.shared);
  TrainerOptions options = trainer_options(plan.settings, plan.threads);
  apply_flags(a.shared, options.compute);
  options.compute.threads = plan.threads;
  options.compute.fuse = plan.fuse;
  options.spreading = {.among = among(),
                       .statistics = plan.run.statistics == "local" ? StatisticsOf::local : StatisticsOf::synchronized};
  Trainer trainer(plan.file.model, options);
  FitOptions fit{.epochs = plan.run.epochs,
                 .steps = plan.run.steps,
                 .shuffle = plan.run.shuffle,
                 .validation = validation ? &*validation : nullptr,
                 .stop = interruption.token()};
  // What does not fit is refused before a folder is made.
  trainer.check(data, fit);
  trainer.prepare(data);
  callbacks_of(plan.settings, {.has_validation = validation.has_value()});
  std::vector<std::string> class_names = data.class_names();
  if (const auto names = begin(trainer, plan, data, fit, a.shared); class_names.empty()) class_names = names;

  agree_on(identity_of(plan, trainer));
  warn_before_training(plan, trainer, data, fit, a.shared);
  if (!is_first_process()) {
    begin_together();
    fit.callbacks = deciding_callbacks(plan);
    const History history = trainer.fit(data, fit);
    return history.failed ? kCheckFailed : history.stopped || interruption.requested() ? kInterrupted : kDone;
  }
  if (!plan.folder) plan.folder.emplace(plan.path, plan.existing);
  const RunFolder& folder = *plan.folder;
  if (plan.record) write_import_record(*plan.record, folder.path());
  folder.write_description(plan.file, trainer, plan.run);
  begin_together();
  if (among())
    say(a.shared, "training in {} processes ({}), with {} statistics; {} thread{} each", among()->size(),
        among()->library(), plan.run.statistics.empty() ? "synchronized" : plan.run.statistics,
        Threads(plan.threads).count(), Threads(plan.threads).count() == 1 ? "" : "s");
  std::vector<Told> told;
  fit.callbacks = callbacks_of(a, plan, folder, trainer, class_names, told);
  const History history = trainer.fit(data, fit);
  folder.write_result(plan.file, trainer, plan.run, history, class_names);
  if (history.stopped)
    say(a.shared, "stopped after step {}; {}", trainer.steps_done(),
        has_checkpoint(folder.checkpoints(), trainer.steps_done())
            ? "the run is saved, and --resume continues it"
            : "that step could not be saved, and --resume continues from the checkpoint before, or the beginning");
  if (!history.reason.empty()) say(a.shared, "ended early: {}", history.reason);
  if (a.shared.json)
    print_json(result_as_json(a, plan, trainer, history, told));
  else
    print_result(plan, trainer, history);
  if (history.failed) return kCheckFailed;
  // Another process may have been told to stop. And also where the last step was made already: whoever runs one command
  // after the other learns that they were told to stop.
  return history.stopped || interruption.requested() ? kInterrupted : kDone;
}

}  // namespace

void add_train(CLI::App& app, Command& chosen, const std::vector<std::string>& command_line) {
  const auto a = std::make_shared<TrainArguments>();
  CLI::App& command = add_command(
      app, "train", "Trains a model and writes a run folder with its weights, metrics and settings.",
      "  evenkeel train examples/models/lenet.toml --data mnist --validation mnist:test --epochs 3 --out runs/lenet\n"
      "  evenkeel train nets/mine --data photos/ --validation more-photos/ --learning-rate 1e-4\n"
      "  evenkeel train runs/lenet --resume\n"
      "  mpirun -n 4 evenkeel train nets/mine --data photos/ --batch-size 256 --out runs/mine");
  add_model(command, a->model);
  add_data_flag(command, a->data, false);
  command.add_option("--validation", a->validation, "data evaluated after each epoch")->option_text("SPEC");
  add_all_settings(command, a->settings);
  command.get_option("--steps")->excludes(command.get_option("--epochs"));
  add_precision_flags(command, a->shared, a->settings);
  command.add_flag("--no-shuffle", a->no_shuffle, "keep the order of the samples");
  add_weights_flag(command, a->shared, a->weights);
  add_model_flags(command, a->shared);
  choose_from(command
                  .add_option("--statistics", a->statistics,
                              "in several processes (mpirun): normalize by the statistics of the whole batch, the "
                              "default, or of each process's part")
                  ->option_text("synchronized|local"),
              {"synchronized", "local"});
  command.add_option("--out", a->out, "the run folder to make; default runs/<model>-<n>")->option_text("DIR");
  add_image_flags(command, a->shared);
  command.add_flag("--doctor", a->doctor,
                   "check a sample after epochs and warn: moving statistics, NaN or infinite values, dead channels, "
                   "fading gradients");
  command.add_flag(
      "--resume", a->resume,
      "continue from the newest checkpoint of the run folder that MODEL or --out names; the result is bit for "
      "bit that of an uninterrupted run");
  command
      .add_option("--checkpoint-every", a->checkpoint_every,
                  "steps between checkpoints; default after each epoch, and every 5 minutes")
      ->option_text("N")
      ->check(at_least(1));
  command
      .add_option("--summary-every", a->summary_every,
                  fmt::format("steps between TensorBoard summaries (tensorboard --logdir runs); 0: none; default {}",
                              a->summary_every))
      ->option_text("N")
      ->check(at_least(0));
  add_threads_flag(command, a->shared);
  add_fuse_flag(command, a->shared);
  add_data_dir_flag(command, a->shared);
  add_output_flags(command, a->shared);
  a->command_line = command_line;
  command.callback([a, &chosen] { chosen = [a] { return train(*a); }; });
}

}  // namespace evenkeel::app
