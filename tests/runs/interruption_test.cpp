#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <stop_token>

#include "evenkeel/data/strokes.h"
#include "evenkeel/runs/checkpoint_folder.h"
#include "evenkeel/train/callbacks/early_stopping.h"
#include "evenkeel/train/callbacks/model_checkpoint.h"
#include "evenkeel/train/callbacks/reduce_lr_on_plateau.h"
#include "evenkeel/train/trainer.h"
#include "tests/support/testing.h"
#include "tests/support/training.h"

// How a fit ends, and that a run which was ended goes on as if it had not been.

namespace evenkeel {
namespace {

constexpr std::int64_t kStepsPerEpoch = 4, kEpochs = 3;

const Dataset& images() {
  static const Dataset data = make_strokes(false, 120);  // a last batch of 24
  return data;
}
const Dataset& validation() {
  static const Dataset data = make_strokes(true, 40);
  return data;
}

TrainerOptions averaged() {
  return {.optimizer = Adam{.learning_rate = 3e-3, .ema_momentum = 0.9},
          .batch_size = 32,
          .seed = 7,
          .compute = {.threads = 1}};
}

/// A callback as a user writes it: what it was told, in order.
struct Told {
  std::vector<std::string>* lines;
  void on_epoch(const EpochRecord& e) {
    lines->push_back(fmt::format("epoch {} step {} loss {} val_loss {} rate {}", e.epoch, e.step, e.train.loss,
                                 e.validation ? e.validation->loss : 0, e.learning_rate));
  }
};

struct Shown {
  std::vector<EpochRecord>* parts;
  void on_partial_epoch(const EpochRecord& e) { parts->push_back(e); }
};

enum class Moment { gradients, step, epoch };

/// Does something at a moment of a step.
struct At {
  Moment moment;
  std::uint64_t step;
  std::function<void(Trainer&)> act;
  void on_gradients(const GradientsReady& e, Trainer& t) { at(Moment::gradients, e.step + 1, t); }
  void on_step(const StepEnd& e, Trainer& t) { at(Moment::step, e.step, t); }
  void on_epoch(const EpochRecord& e, Trainer& t) { at(Moment::epoch, e.step, t); }
  void at(Moment now, std::uint64_t done, Trainer& trainer) {
    if (now == moment && done == step) act(trainer);
  }
};

/// A run in a folder, in one process or several.
class Parts {
 public:
  explicit Parts(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Begins or goes on.
  History go(FitOptions length, std::vector<Callback> more = {}, const std::stop_token& stop = {}) {
    Trainer trainer(small_network(), averaged());
    length.validation = &validation();
    length.stop = stop;
    length.callbacks = {Told{&told}, Shown{&shown}, EarlyStopping({.patience = 50, .restore_best_weights = true}),
                        ModelCheckpoint({.file = folder_ / "best", .save_best_only = true}),
                        ReduceLROnPlateau({.factor = 0.5, .patience = 1, .min_delta = 0.2})};
    for (Callback& callback : more) length.callbacks.push_back(std::move(callback));
    length.callbacks.emplace_back(CheckpointFolder(folder_ / "checkpoints"));
    restore_newest(trainer, folder_ / "checkpoints", images(), length, [](const Error& error) { throw error; });
    const History history = trainer.fit(images(), length);
    steps = trainer.steps_done();
    weights.clear();
    for (const WeightInfo& weight : trainer.network().weights()) {
      const TensorView view = trainer.network().weight(weight.name);
      weights.insert(weights.end(), view.data, view.data + view.bytes());
    }
    return history;
  }
  std::string best() const {
    std::ifstream file(folder_ / "best", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::vector<std::string> told = {};
  std::vector<EpochRecord> shown = {};
  std::vector<std::byte> weights = {};
  std::uint64_t steps = 0;

 private:
  std::filesystem::path folder_;
};

void expect_same(const Parts& whole, const Parts& parts, const std::string& trial) {
  EXPECT_EQ(whole.weights, parts.weights) << trial;
  EXPECT_EQ(whole.told, parts.told) << trial;
  EXPECT_EQ(whole.best(), parts.best()) << trial;
  EXPECT_EQ(whole.steps, parts.steps) << trial;
}

class Ending : public testing::Test {
 protected:
  Parts run_in(const std::string& name) {
    std::filesystem::create_directories(folder_ / name);
    return Parts(folder_ / name);
  }
  TestFolder folder_;
};

TEST_F(Ending, AtAnyMomentOfAnyStepChangesNothingOfARunThatIsResumed) {
  Parts whole = run_in("whole");
  const History expected = whole.go({.epochs = kEpochs});
  ASSERT_EQ(whole.told.size(), 3u);
  for (std::uint64_t step = 1; step < kStepsPerEpoch * kEpochs; ++step)
    for (const Moment moment : {Moment::gradients, Moment::step, Moment::epoch}) {
      if (moment == Moment::epoch && step % kStepsPerEpoch != 0) continue;
      const std::string trial = fmt::format("{}-{}", step, static_cast<int>(moment));
      Parts parts = run_in(trial);
      std::stop_source source;
      const History first = parts.go({.epochs = kEpochs}, {At{moment, step, [&](Trainer&) { source.request_stop(); }}},
                                     source.get_token());
      EXPECT_TRUE(first.stopped) << trial;
      EXPECT_EQ(first.reason, "") << trial;
      EXPECT_EQ(parts.steps, step);
      EXPECT_EQ(parts.told.size(), step / kStepsPerEpoch) << trial;
      const History second = parts.go({.epochs = kEpochs});
      EXPECT_FALSE(second.stopped);
      EXPECT_EQ(second.weights_epoch, expected.weights_epoch) << trial;
      expect_same(whole, parts, trial);
    }
}

TEST_F(Ending, ARequestAfterTheLastStepInterruptsNothing) {
  Parts run = run_in("run");
  std::stop_source source;
  const History history = run.go(
      {.epochs = 1}, {At{Moment::step, kStepsPerEpoch, [&](Trainer&) { source.request_stop(); }}}, source.get_token());
  EXPECT_FALSE(history.stopped);
  EXPECT_EQ(run.told.size(), 1u);
}

TEST_F(Ending, BySoManyStepsWithinAnEpochIsShownAndNotJudged) {
  Parts run = run_in("run");
  const History history = run.go({.steps = 6});
  EXPECT_EQ(run.told.size(), 1u);
  ASSERT_EQ(run.shown.size(), 1u);
  EXPECT_FALSE(run.shown[0].is_whole);
  EXPECT_EQ(run.shown[0].step, 6u);
  EXPECT_TRUE(run.shown[0].validation) << "it is the run's result";
  ASSERT_EQ(history.epochs.size(), 2u);
  EXPECT_TRUE(history.epochs[0].is_whole);
  EXPECT_FALSE(history.epochs[1].is_whole);
}

TEST_F(Ending, ARunThatIsMadeLongerIsAsIfItHadBeenSoLongFromTheStart) {
  for (const std::int64_t steps : {1, 3, 4, 6, 8}) {
    Parts whole = run_in(fmt::format("whole-{}", steps)), parts = run_in(fmt::format("parts-{}", steps));
    whole.go({.steps = 10});
    parts.go({.steps = steps});
    parts.go({.steps = 10});
    expect_same(whole, parts, std::to_string(steps));
  }
}

TEST_F(Ending, ByACallbackWithinAnEpochIsShownAndNotJudged) {
  Parts run = run_in("run");
  const History history =
      run.go({.epochs = kEpochs}, {At{Moment::step, 6, [](Trainer& trainer) { trainer.stop("enough"); }}});
  EXPECT_FALSE(history.stopped);
  EXPECT_EQ(history.reason, "enough");
  EXPECT_EQ(run.told.size(), 1u);
  ASSERT_EQ(run.shown.size(), 1u);
  EXPECT_TRUE(run.shown[0].validation);
}

TEST_F(Ending, ByACallbackIsRememberedByAKilledRun) {
  const auto enough = [] { return Callback(At{Moment::epoch, 4, [](Trainer& trainer) { trainer.stop("enough"); }}); };
  Parts run = run_in("run");
  run.go({.epochs = kEpochs}, {enough()});
  const std::vector<std::byte> weights = run.weights;
  const History again = run.go({.epochs = kEpochs}, {enough()});
  EXPECT_EQ(again.reason, "enough");
  EXPECT_EQ(run.steps, 4u);
  EXPECT_EQ(run.weights, weights);
  EXPECT_EQ(run.told.size(), 1u);
}

TEST_F(Ending, ByACallbackDoesNotEndALongerRun) {
  Parts run = run_in("run"), whole = run_in("whole");
  run.go({.epochs = 2}, {At{Moment::step, 6, [](Trainer& trainer) { trainer.stop("enough"); }}});
  const History longer = run.go({.epochs = kEpochs});
  EXPECT_EQ(longer.reason, "");
  whole.go({.epochs = kEpochs});
  expect_same(whole, run, "longer");
}

}  // namespace
}  // namespace evenkeel
