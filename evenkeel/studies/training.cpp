#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/formats/file.h"
#include "evenkeel/formats/json_file.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/runs/checkpoint_folder.h"
#include "evenkeel/runs/csv_log.h"
#include "evenkeel/runs/run_folder.h"
#include "evenkeel/studies/examination.h"
#include "evenkeel/studies/run_study.h"
#include "evenkeel/studies/study_json.h"

namespace evenkeel {
namespace {

/// Keeps what is measured during training, also in checkpoints.
class Recorder {
 public:
  static constexpr std::string_view kName = "study";

  Recorder(const StudyTraining& training, StudyRun& run, StudyObserver& observer)
      : training_(training), run_(run), observer_(observer) {}

  void on_begin(const FitBegin& begin, Trainer& trainer) {
    total_ = begin.total_steps;
    if (begin.done_steps == 0 && training_.before) training_.before(trainer, run_);
  }

  void on_step(const StepEnd& step, Trainer& trainer) {
    observer_.step(static_cast<std::int64_t>(step.step), total_, step.batch);
    if (training_.after_step) training_.after_step(step, trainer, run_);
  }

  CallbackState save() const {
    const std::string text = formats::json_text(json_of(run_));
    CallbackState state;
    state.tensors.emplace("run", Tensor::of<std::uint8_t>({static_cast<std::int64_t>(text.size())},
                                                          std::vector<std::uint8_t>(text.begin(), text.end())));
    return state;
  }

  void load(const CallbackState& state) {
    const auto found = state.tensors.find("run");
    if (found == state.tensors.end()) return;
    const auto bytes = found->second.as<std::uint8_t>();
    const auto json =
        formats::parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "checkpoint: study");
    run_ = study_run_of(json, "checkpoint: study");
  }

 private:
  const StudyTraining& training_;
  StudyRun& run_;
  StudyObserver& observer_;
  std::int64_t total_ = 0;
};

}  // namespace

std::filesystem::path StudyContext::folder(const StudyVariant& variant) const {
  return plan_.out.empty() ? plan_.out : plan_.out / run_folder_name(variant.name, seed_);
}

void StudyContext::leave_model(const StudyVariant& variant) const {
  const std::filesystem::path path = folder(variant);
  if (path.empty()) return;
  const FolderLock lock(path);
  formats::write_file_atomically(path / "model.toml", write_model_file({.model = variant.model}));
}

std::optional<StudyContext::Trained> StudyContext::train(const StudyVariant& variant, const StudyTraining& training) {
  TrainerOptions options = training.trainer;
  options.seed = seed_;
  options.compute = plan_.compute;
  Trained trained{.trainer = std::make_unique<Trainer>(variant.model, options), .run = {.seed = seed_}};
  Trainer& trainer = *trained.trainer;
  FitOptions fit{.epochs = training.epochs,
                 .steps = training.steps,
                 .shuffle = training.shuffle,
                 .callbacks = {Recorder(training, trained.run, observer_)},
                 .stop = stop_};
  trainer.check(*training.data, fit);

  const ModelFile model{.model = variant.model};
  const RunDescription description{.command = plan_.command,
                                   .data = training.data->name(),
                                   .data_fingerprint = training.data->fingerprint(),
                                   .samples = training.data->size(),
                                   .shuffle = training.shuffle,
                                   .epochs = training.epochs,
                                   .steps = training.steps,
                                   .started = plan_.started};
  const std::vector<std::string>& class_names = training.data->class_names();
  std::optional<RunFolder> folder;
  if (const auto path = this->folder(variant); !path.empty()) {
    folder.emplace(path, plan_.resume ? RunFolder::Existing::resume : RunFolder::Existing::replace);
    if (const auto from = restore_newest(trainer, folder->checkpoints(), *training.data, fit, [&](const Error& error) {
          observer_.warn(fmt::format("passed over: {}", error.what()));
        }))
      observer_.line(fmt::format("  continuing from {}", from->string()));
    folder->write_description(model, trainer, description);
    const auto warn = [this](const std::string& text) { observer_.warn(text); };
    fit.callbacks.emplace_back(CsvLog(folder->metrics(), warn));
    fit.callbacks.emplace_back(CheckpointFolder(
        folder->checkpoints(),
        {.keep = 2, .metadata = folder->metadata(model, trainer, description, class_names), .warn = warn}));
  }
  const History history = trainer.fit(*training.data, fit);
  if (folder) folder->write_result(model, trainer, description, history, class_names);
  if (history.stopped) return {};

  StudyRun& run = trained.run;
  run.steps = static_cast<std::int64_t>(trainer.steps_done());
  std::int64_t samples = 0;
  for (const EpochRecord& epoch : history.epochs) {
    run.seconds += epoch.seconds;
    samples += epoch.train.samples;
  }
  run.images_per_s = static_cast<double>(samples) / std::max(run.seconds, 1e-9);
  examine(training, trainer, run, observer_);
  return trained;
}

}  // namespace evenkeel
