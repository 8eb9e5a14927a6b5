#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "evenkeel/studies/study.h"
#include "evenkeel/train/trainer.h"

namespace evenkeel {

/// Follows a study while it runs.
class StudyObserver {
 public:
  virtual ~StudyObserver() = default;
  /// Training of the run begins, from its first step or from where an earlier call was interrupted.
  virtual void run_begins(const StudyVariant&, std::uint64_t /*seed*/) {}
  /// `done`: updates, including those of an earlier call.
  virtual void step(std::int64_t /*done*/, std::int64_t /*of*/, const Metrics& /*batch*/) {}
  /// Something was measured: "batch 100: validation  loss 0.41  accuracy 0.98".
  virtual void line(const std::string& /*text*/) {}
  /// `kept`: the run was complete from an earlier call.
  virtual void run_ends(const StudyVariant&, const StudyRun&, bool /*kept*/) {}
  virtual void warn(const std::string& /*text*/) {}
};

/// How a study is carried out, whatever it studies.
struct StudyPlan {
  std::vector<std::uint64_t> seeds = {0};
  ComputeOptions compute = {};
  std::filesystem::path out = {};  ///< where each run writes its folder; empty: nothing is written
  bool resume = false;             ///< keep complete runs, and continue an incomplete one
  /// The processes that divide the runs between them: each makes its own in `out`, a folder that all see, and the first
  /// one reports all of them. The others' result has no runs.
  Communicator* among = nullptr;
  std::vector<std::string> command = {};
  std::string started = {};  ///< wall-clock time, ISO 8601
};

/// How a run trains; seed, threads and precision come from the context.
struct StudyTraining {
  TrainerOptions trainer = {};
  const Dataset* data = nullptr;
  std::int64_t epochs = 1;
  std::optional<std::int64_t> steps = {};  ///< instead of epochs, as in FitOptions
  bool shuffle = true;
  /// Measures the network before training.
  std::function<void(Trainer&, StudyRun&)> before = {};
  /// Called after each update; what it adds to the run is saved in the run's checkpoints.
  std::function<void(const StepEnd&, Trainer&, StudyRun&)> after_step = {};
  /// Measures the trained network in evaluation: StudyRun::figures and StudyRun::reestimated.
  std::function<Figures(Trainer&)> figures = {};
  std::int64_t reestimate_samples = 0;  ///< re-estimate statistics from the first so many; 0: all
  bool always_reestimates = false;      ///< even if the moving statistics fit
};

/// What a study needs to train one variant: where to write files, whom to report to, when to stop.
class StudyContext {
 public:
  StudyContext(const StudyPlan& plan, std::uint64_t seed, StudyObserver& observer, std::stop_token stop)
      : plan_(plan), seed_(seed), observer_(observer), stop_(std::move(stop)) {}

  std::uint64_t seed() const { return seed_; }
  int threads() const { return plan_.compute.threads; }
  /// For networks that train() does not make.
  NetworkOptions network_options() const { return {.seed = seed_, .compute = plan_.compute}; }
  StudyObserver& observer() const { return observer_; }
  bool is_stopped() const { return stop_.stop_requested(); }

  /// A trainer that has made all its updates, and the run with all that was measured during and after training,
  /// including the doctor's findings.
  struct Trained {
    std::unique_ptr<Trainer> trainer;
    StudyRun run;
  };
  std::optional<Trained> train(const StudyVariant& variant, const StudyTraining& training);

  /// For a variant that train() does not train: writes its model into the run's folder, if runs are written.
  void leave_model(const StudyVariant& variant) const;

  /// `<out>/<variant>-seed<N>`; empty if nothing is written.
  std::filesystem::path folder(const StudyVariant& variant) const;

 private:
  const StudyPlan& plan_;
  std::uint64_t seed_;
  StudyObserver& observer_;
  std::stop_token stop_;
};

/// Trains every variant with every seed, seed by seed, and writes study.json after each run. After a stop request it
/// returns the complete runs. Throws Error if a folder cannot be written, or holds a run with other settings.
StudyResult run_study(const Study& study, const StudySettings& settings, const StudyData& data, const StudyPlan& plan,
                      StudyObserver& observer, const std::stop_token& stop = {});

}  // namespace evenkeel
