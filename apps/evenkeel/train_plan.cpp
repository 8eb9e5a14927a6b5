#include "train_plan.h"

#include <utility>

#include "evenkeel/formats/file.h"
#include "evenkeel/runs/import_folder.h"
#include "evenkeel/runs/open_model.h"
#include "evenkeel/train/settings.h"
#include "processes.h"

namespace evenkeel::app {
namespace {

bool same_model(const ModelFile& a, const ModelFile& b) {
  return write_model_file({.model = a.model}) == write_model_file({.model = b.model});
}

/// A resumed run may become longer, never shorter.
void check_not_shorter(std::int64_t epochs, std::optional<std::int64_t> steps, const RunDescription& run) {
  const auto check = [](const char* flag, std::int64_t before, std::int64_t now) {
    if (now < before)
      throw Error{{.where = flag,
                   .expected = fmt::format("at least {}, as this run was set to", before),
                   .received = std::to_string(now)}};
  };
  if (steps && run.steps) check("--steps", *steps, *run.steps);
  if (!steps && !run.steps) check("--epochs", epochs, run.epochs);
}

/// What a run begins with cannot be changed when it continues.
void check_same_beginning(const TrainArguments& a, const RunDescription& run) {
  if (a.no_shuffle && run.shuffle)
    throw Error{{.where = "--no-shuffle", .expected = "what this run began with", .received = "a run that shuffles"}};
  if (a.shared.stream && !run.stream)
    throw Error{
        {.where = "--stream", .expected = "what this run began with", .received = "a run whose data are in memory"}};
  if (a.shared.window > 0 && a.shared.window != run.window)
    throw Error{{.where = "--window",
                 .expected = run.window > 0 ? std::to_string(run.window) : "the default, as this run began with",
                 .received = std::to_string(a.shared.window)}};
  if (const std::string before = run.statistics.empty() ? "synchronized" : run.statistics;
      !a.statistics.empty() && a.statistics != before)
    throw Error{{.where = "--statistics", .expected = before + ", as this run began with", .received = a.statistics}};
  if (!a.weights.empty() && a.weights != run.initial_weights)
    throw Error{{.where = "--weights",
                 .expected = "what this run began with, " +
                             (run.initial_weights.empty() ? "weights from the seed" : run.initial_weights),
                 .received = a.weights}};
}

void set_resize(RunDescription& run, const Shared& shared) {
  if (shared.resize_side > 0) run.resize_side = shared.resize_side;
  if (shared.crop > 0) run.crop = shared.crop;
}

/// A new run in a folder that holds none yet, with the model file of a run that was killed before it began, if MODEL is
/// the folder.
Plan new_run_in(const std::filesystem::path& folder, TrainArguments a, bool model_is_folder) {
  say(a.shared, "{} holds no run yet: starting from the beginning", folder.string());
  if (model_is_folder && formats::exists(folder / "model.toml")) a.model = (folder / "model.toml").string();
  Plan plan = new_run(a);
  plan.path = folder;
  plan.existing = RunFolder::Existing::resume;
  return plan;
}

}  // namespace

Plan new_run(const TrainArguments& a) {
  OpenedModel opened = open_model(a.shared, a.model);
  if (!a.weights.empty()) use_weights(opened, a.weights, open_options(a.shared));
  Plan plan{.file = opened.file,
            .path = a.out.empty() ? RunFolder::free_path(opened.file.model.name()) : std::filesystem::path(a.out),
            .settings = overridden(opened.file.training, a.settings),
            .threads = a.shared.threads,
            .fuse = a.shared.fuse};
  if (a.data.empty())
    throw Error{{.where = "evenkeel train",
                 .expected = "--data SPEC",
                 .received = "none",
                 .hint = a.resume ? "No run had begun in this folder: give the data and settings again." : ""}};
  plan.file.training = plan.settings;
  plan.record = opened.record;
  plan.run = {.command = a.command_line,
              .data = a.data,
              .validation = a.validation,
              .resize = a.shared.resize,
              .skip_bad_images = a.shared.skip_bad_images,
              .strict_colour = a.shared.strict_colour,
              .labels = a.shared.labels,
              .channels_first = a.shared.channels_first,
              .stream = a.shared.stream,
              .memory = a.shared.memory,
              .window = a.shared.window,
              .statistics = a.statistics == "local" ? "local" : "",
              .shuffle = !a.no_shuffle,
              .epochs = fit_options(plan.settings).epochs,
              .steps = fit_options(plan.settings).steps,
              .weights_format = a.shared.weights_format,
              .initial_weights = opened.weights.value_or("").string(),
              .started = now_text()};
  set_resize(plan.run, a.shared);
  plan.run.preprocess = opened.read_as.preprocess;
  if (opened.weights) plan.initial = std::move(opened);
  return plan;
}

Plan resumed_run(const TrainArguments& a) {
  const bool model_is_folder = formats::is_folder(a.model);
  const std::filesystem::path folder = a.out.empty() ? std::filesystem::path(a.model) : std::filesystem::path(a.out);
  if (a.out.empty() && !model_is_folder)
    throw Error{{.where = "evenkeel train --resume",
                 .expected = "the run folder, as MODEL or as --out DIR",
                 .received = formats::exists(a.model) ? "a model file alone" : a.model + ", which is not there"}};
  if (!formats::exists(folder / "run.json")) return new_run_in(folder, a, model_is_folder);
  Plan plan{.file = read_model_file(folder / "model.toml"), .path = folder};
  if (!model_is_folder && !same_model(open_model(a.shared, a.model).file, plan.file))
    throw Error{{.where = folder.string(),
                 .expected = "a run of the model in " + a.model,
                 .received = "a run of another model, \"" + plan.file.model.name() + '"',
                 .hint = "Resume with the folder itself as MODEL, or choose another --out."}};
  const RecordedRun recorded = read_run(folder);
  plan.settings = overridden(plan.file.training, a.settings);
  plan.file.training = plan.settings;
  plan.run = recorded.description;
  check_same_beginning(a, plan.run);
  plan.record = import_record_in(folder);
  plan.run.resize |= a.shared.resize;
  set_resize(plan.run, a.shared);
  plan.run.skip_bad_images |= a.shared.skip_bad_images;
  plan.run.strict_colour |= a.shared.strict_colour;
  plan.run.channels_first |= a.shared.channels_first;
  if (!a.shared.labels.empty()) plan.run.labels = a.shared.labels;
  if (a.shared.memory > 0) plan.run.memory = a.shared.memory;
  plan.threads = a.shared.threads > 0 ? a.shared.threads : recorded.threads;
  plan.fuse = a.shared.fuse && recorded.fuse;
  const auto before = std::pair(plan.run.epochs, plan.run.steps);
  plan.run.epochs = fit_options(plan.settings).epochs;
  plan.run.steps = fit_options(plan.settings).steps;
  check_not_shorter(before.first, before.second, plan.run);
  if (!a.data.empty()) plan.run.data = a.data;
  if (!a.validation.empty()) plan.run.validation = a.validation;
  plan.finished = recorded.finished && before == std::pair(plan.run.epochs, plan.run.steps);
  plan.resumes = true;
  if (is_first_process()) plan.folder.emplace(folder, RunFolder::Existing::resume);
  return plan;
}

}  // namespace evenkeel::app
