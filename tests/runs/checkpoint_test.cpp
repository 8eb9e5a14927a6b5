#include "evenkeel/train/checkpoint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <limits>
#include <stop_token>

#include "evenkeel/base/error.h"
#include "evenkeel/data/strokes.h"
#include "evenkeel/runs/checkpoint_folder.h"
#include "evenkeel/runs/open_model.h"
#include "evenkeel/train/callbacks/early_stopping.h"
#include "evenkeel/train/callbacks/model_checkpoint.h"
#include "evenkeel/train/callbacks/reduce_lr_on_plateau.h"
#include "evenkeel/train/trainer.h"
#include "tests/support/testing.h"
#include "tests/support/training.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

TrainerOptions adam() {
  return {.loss = SoftmaxCrossEntropy{},
          .optimizer = Adam{.learning_rate = 3e-3},
          .batch_size = 32,
          .seed = 7,
          .compute = {.threads = 2}};
}
TrainerOptions sgd() {
  TrainerOptions options = adam();
  options.optimizer = SGD{.learning_rate = 0.02, .momentum = 0.9};
  return options;
}

TrainerOptions every_option() {
  TrainerOptions options = adam();
  options.loss = SoftmaxCrossEntropy{.label_smoothing = 0.1};
  options.optimizer = Adam{.weight_decay = 0.1, .clipnorm = 0.5, .ema_momentum = 0.9};
  options.schedule = OneCycleSchedule{.warmup_steps = 3};
  options.class_weight = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2};
  return options;
}

/// Of the test that asks for it: others may run at the same time.
fs::path fresh_folder(const std::string& name) {
  std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
  std::ranges::replace(test, '/', '-');
  const fs::path path = fs::path(testing::TempDir()) / ("evenkeel-checkpoint-" + test + '-' + name);
  fs::remove_all(path);
  return path;
}

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void put_bytes(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

/// All weights, statistics and optimizer slots.
std::vector<std::byte> everything(Trainer& trainer) {
  std::vector<std::byte> bytes;
  Store& store = trainer.network().store();
  for (const Block* block : {&store.parameters, &store.state, &store.slots}) {
    const std::vector<std::byte> more = bytes_of(*block);
    bytes.insert(bytes.end(), more.begin(), more.end());
  }
  return bytes;
}

Checkpoint newest(const fs::path& folder) { return std::move(newest_checkpoint(folder).value().checkpoint); }

/// Interrupts a run after a step.
struct StopAt {
  std::stop_source source;
  std::uint64_t step;
  void on_step(const StepEnd& e) {
    if (e.step == step) source.request_stop();
  }
};

/// Runs to the end in one go, or with an interruption after `stop_at` steps; returns history and all tensors.
struct Outcome {
  History history;
  std::vector<std::byte> tensors;
};

Outcome train(const TrainerOptions& options, const FitOptions& fit) {
  static const Dataset data = make_strokes(false, 150);
  Trainer trainer(small_network(), options);
  Outcome outcome{.history = trainer.fit(data, fit), .tensors = {}};
  outcome.tensors = everything(trainer);
  return outcome;
}

Outcome train_interrupted(const TrainerOptions& options, const FitOptions& fit, std::uint64_t stop_at,
                          const fs::path& folder) {
  static const Dataset data = make_strokes(false, 150);
  {
    Trainer trainer(small_network(), options);
    FitOptions first = fit;
    const std::stop_source source;
    first.stop = source.get_token();
    first.callbacks.emplace_back(StopAt{source, stop_at});
    first.callbacks.emplace_back(CheckpointFolder(folder));
    EXPECT_TRUE(trainer.fit(data, first).stopped);
  }
  Trainer trainer(small_network(), options);
  trainer.restore(newest(folder));
  Outcome outcome{.history = trainer.fit(data, fit), .tensors = {}};
  outcome.tensors = everything(trainer);
  return outcome;
}

TEST(CheckpointOfAverages, IsEvaluatedByThem) {
  TrainerOptions options = adam();
  std::get<Adam>(options.optimizer).ema_momentum = 0.9;
  const fs::path folder = fresh_folder("averages");
  Trainer trainer(small_network(), options);
  trainer.fit(make_strokes(false, 64), {.callbacks = {CheckpointFolder(folder)}});
  Network loaded(small_network(), {.loss = SoftmaxCrossEntropy{}});
  load_weights_into(loaded, newest_checkpoint(folder)->path);
  const AveragedWeights averaged(trainer.network());
  for (const WeightInfo& w : loaded.weights())
    EXPECT_TRUE(std::ranges::equal(loaded.weight(w.name).as<float>(), trainer.network().weight(w.name).as<float>()))
        << w.name;
}

TEST(CheckpointOfAverages, IsRefusedWithoutTheNumberThatSaysWhetherTheyHaveBegun) {
  const fs::path seed = fs::path(EVENKEEL_SOURCE_DIR) / "tests/fuzz/corpus/weights/averaged_without_start";
  EXPECT_SAYS(error_of([&] { averages_in(seed); }), "ema/started: expected one number, received [0]");
}

struct Case {
  const char* name;
  TrainerOptions options;
  FitOptions fit;
  std::uint64_t stop_at;
};

class Resumed : public testing::TestWithParam<Case> {};

TEST_P(Resumed, RunEndsWithTheBitsOfAnUninterruptedOne) {
  const Case& c = GetParam();
  const Outcome whole = train(c.options, c.fit);
  const Outcome parts = train_interrupted(c.options, c.fit, c.stop_at, fresh_folder(c.name));
  EXPECT_EQ(whole.tensors, parts.tensors);
}

TEST_P(Resumed, RunHasTheHistoryOfAnUninterruptedOne) {
  const Case& c = GetParam();
  const Outcome whole = train(c.options, c.fit);
  const Outcome parts = train_interrupted(c.options, c.fit, c.stop_at, fresh_folder(std::string(c.name) + "-history"));
  ASSERT_EQ(whole.history.epochs.size(), parts.history.epochs.size());
  for (std::size_t i = 0; i < whole.history.epochs.size(); ++i) {
    EXPECT_EQ(whole.history.epochs[i].train.loss, parts.history.epochs[i].train.loss) << "epoch " << i + 1;
    EXPECT_EQ(whole.history.epochs[i].train.accuracy, parts.history.epochs[i].train.accuracy) << "epoch " << i + 1;
    EXPECT_EQ(whole.history.epochs[i].step, parts.history.epochs[i].step) << "epoch " << i + 1;
  }
}

// 150 samples are four batches of 32 and one of 22.
INSTANTIATE_TEST_SUITE_P(After, Resumed,
                         testing::Values(Case{"FirstStep", adam(), {.epochs = 3}, 1},
                                         Case{"MidEpoch", adam(), {.epochs = 3}, 8},
                                         Case{"EndOfEpoch", adam(), {.epochs = 3}, 10},
                                         Case{"RaggedBatchIsNext", sgd(), {.epochs = 3}, 4},
                                         Case{"StepsAcrossEpochs", sgd(), {.steps = 13}, 7},
                                         Case{"EveryOption", every_option(), {.epochs = 3}, 8},
                                         Case{"UnshuffledSteps", adam(), {.steps = 11, .shuffle = false}, 5}),
                         [](const auto& trial) { return std::string(trial.param.name); });

TEST(ResumedRun, CanBeAskedForMoreEpochs) {
  const fs::path folder = fresh_folder("more");
  const Dataset data = make_strokes(false, 150);
  Trainer first(small_network(), adam());
  first.fit(data, {.epochs = 1, .callbacks = {CheckpointFolder(folder)}});
  Trainer second(small_network(), adam());
  second.restore(newest(folder));
  second.fit(data, {.epochs = 3});
  EXPECT_EQ(everything(second), train(adam(), {.epochs = 3}).tensors);
}

TEST(ResumedRun, GoesOnCountingTheBatchesThatStatisticsAreTheMeanOf) {
  Sequential model({28, 28, 1});
  model.add(Flatten{}, Dense{.units = 6}, BatchNormalization{.cumulative_average = true, .name = "norm"},
            Dense{.units = 10});
  const fs::path folder = fresh_folder("batches");
  const Dataset data = make_strokes(false, 150);
  Trainer whole(model, adam()), first(model, adam()), second(model, adam());
  whole.fit(data, {.epochs = 3});
  first.fit(data, {.epochs = 1, .callbacks = {CheckpointFolder(folder)}});
  second.restore(newest(folder));
  second.fit(data, {.epochs = 3});
  EXPECT_EQ(everything(second), everything(whole));
  EXPECT_EQ(second.network().weight("norm/batches").as<float>()[0], 15);
}

TEST(ResumedRun, CannotEndSooner) {
  const fs::path folder = fresh_folder("sooner");
  const Dataset data = make_strokes(false, 150);
  Trainer first(small_network(), adam());
  first.fit(data, {.steps = 9, .callbacks = {CheckpointFolder(folder)}});
  Trainer second(small_network(), adam());
  second.restore(newest(folder));
  EXPECT_SAYS(error_of([&] { second.fit(data, {.steps = 8}); }), "at least the 9 steps that the run has made");
}

TEST(ResumedRun, RemembersWhatItsCallbacksKnew) {
  // A factor that a forgetful callback would apply at other epochs, and one that scales the learning rate.
  const auto fit = [] {
    return FitOptions{
        .epochs = 6,
        .callbacks = {ReduceLROnPlateau({.monitor = "loss", .factor = 0.5, .patience = 2, .min_delta = 10}),
                      EarlyStopping({.monitor = "accuracy", .patience = 50})}};
  };
  const Outcome whole = train(adam(), fit());
  const fs::path folder = fresh_folder("callbacks");
  const Dataset data = make_strokes(false, 150);
  {
    FitOptions first = fit();
    const std::stop_source source;
    first.stop = source.get_token();
    first.callbacks.emplace_back(StopAt{source, 13});
    first.callbacks.emplace_back(CheckpointFolder(folder));
    Trainer trainer(small_network(), adam());
    trainer.fit(data, first);
  }
  Trainer trainer(small_network(), adam());
  trainer.restore(newest(folder));
  const History history = trainer.fit(data, fit());
  EXPECT_LT(history.epochs.back().learning_rate, 3e-3) << "the trial does not reduce the rate";
  EXPECT_EQ(history.epochs.back().learning_rate, whole.history.epochs.back().learning_rate);
  EXPECT_EQ(everything(trainer), whole.tensors);
}

/// Every callback that judges epochs, by validation.
FitOptions judged(const Dataset& validation, const fs::path& best) {
  return {.epochs = 6,
          .validation = &validation,
          .callbacks = {EarlyStopping({.patience = 50, .restore_best_weights = true}),
                        ModelCheckpoint({.file = best, .save_best_only = true}),
                        ReduceLROnPlateau({.factor = 0.5, .patience = 1, .min_delta = 0.2})}};
}

class InterruptedWithinAnEpoch : public testing::TestWithParam<std::uint64_t> {};

TEST_P(InterruptedWithinAnEpoch, ARunIsJudgedAsAnUninterruptedOneIs) {
  const Dataset validation = make_strokes(true, 60);
  const fs::path folder = fresh_folder("judged");
  fs::create_directories(folder);
  const Outcome whole = train(adam(), judged(validation, folder / "whole.safetensors"));
  const FitOptions fit = judged(validation, folder / "parts.safetensors");
  const Outcome parts = train_interrupted(adam(), fit, GetParam(), folder / "checkpoints");
  EXPECT_EQ(whole.tensors, parts.tensors);
  EXPECT_EQ(whole.history.weights_epoch, parts.history.weights_epoch);
  EXPECT_EQ(bytes_of(folder / "whole.safetensors"), bytes_of(folder / "parts.safetensors"));
}

// Epochs of five steps.
INSTANTIATE_TEST_SUITE_P(AtStep, InterruptedWithinAnEpoch, testing::Values(1, 4, 7, 10, 18, 29));

/// What a fit calls.
struct Events {
  std::vector<std::string>* seen;
  void on_epoch(const EpochRecord& e) { seen->push_back("epoch " + std::to_string(e.epoch)); }
  void on_partial_epoch(const EpochRecord& e) { seen->push_back("part of " + std::to_string(e.epoch)); }
};

TEST(ARunThatIsInterrupted, ShowsThePartialEpochAsSuch) {
  std::vector<std::string> seen;
  const std::stop_source source;
  Trainer trainer(small_network(), adam());
  trainer.fit(make_strokes(false, 150),
              {.epochs = 3, .callbacks = {StopAt{source, 7}, Events{&seen}}, .stop = source.get_token()});
  EXPECT_EQ(seen, (std::vector<std::string>{"epoch 1", "part of 2"}));
}

/// A folder with the checkpoints of five epochs.
fs::path folder_of_checkpoints(const std::string& name, CheckpointFolderOptions options = {}) {
  const fs::path folder = fresh_folder(name);
  Trainer trainer(small_network(), adam());
  trainer.fit(make_strokes(false, 64), {.epochs = 7, .callbacks = {CheckpointFolder(folder, std::move(options))}});
  return folder;
}

TEST(CheckpointFolder, KeepsTheNewestFive) {
  const auto files = checkpoints_in(folder_of_checkpoints("five"));
  ASSERT_EQ(files.size(), 5u);
  EXPECT_EQ(files.front().filename(), "step-0000000014.safetensors");
  EXPECT_EQ(files.back().filename(), "step-0000000006.safetensors");
}

TEST(CheckpointFolder, WritesEverySoManyStepsAndAtTheEnd) {
  const auto files = checkpoints_in(folder_of_checkpoints("steps", {.every_steps = 4}));
  std::vector<std::string> names;
  for (const fs::path& file : files) names.push_back(file.stem().string());
  EXPECT_EQ(names,
            (std::vector<std::string>{"step-0000000014", "step-0000000012", "step-0000000008", "step-0000000004"}));
}

TEST(CheckpointFolder, RemovesWhatAKilledProcessLeft) {
  const fs::path folder = fresh_folder("leftovers");
  fs::create_directories(folder);
  put_bytes(folder / ".evenkeel-1-2.tmp", "half a checkpoint");
  const CheckpointFolder callback(folder);
  EXPECT_FALSE(fs::exists(folder / ".evenkeel-1-2.tmp"));
}

/// Spoils the newest checkpoint; the one before must be found, and the damaged one be named.
void expect_passed_over(const std::string& name, const std::function<void(std::string&)>& spoil) {
  const fs::path folder = folder_of_checkpoints(name);
  const auto files = checkpoints_in(folder);
  std::string bytes = bytes_of(files[0]);
  spoil(bytes);
  put_bytes(files[0], bytes);
  std::vector<std::string> told;
  const auto found = newest_checkpoint(folder, [&](const Error& error) { told.emplace_back(error.what()); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->path, files[1]);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_NE(told[0].find(files[0].string()), std::string::npos) << told[0];
}

TEST(NewestCheckpoint, PassesOverATruncatedOne) {
  expect_passed_over("truncated", [](std::string& bytes) { bytes.resize(bytes.size() * 2 / 3); });
}
TEST(NewestCheckpoint, PassesOverAnEmptyOne) {
  expect_passed_over("empty", [](std::string& bytes) { bytes.clear(); });
}
TEST(NewestCheckpoint, PassesOverOneWithAFlippedBitInATensor) {
  expect_passed_over("tensor-bit", [](std::string& bytes) { bytes[bytes.size() - 100] ^= 4; });
}
TEST(NewestCheckpoint, PassesOverOneWithAFlippedBitAnywhereInItsHeader) {
  // A digit of the position in the data: the file stays valid JSON.
  expect_passed_over("header-bit", [](std::string& bytes) {
    const std::size_t at = bytes.find("\\\"steps\\\":");
    ASSERT_NE(at, std::string::npos);
    bytes[at + 10] ^= 1;
  });
}
TEST(NewestCheckpoint, IsNothingInAnEmptyFolder) { EXPECT_FALSE(newest_checkpoint(fresh_folder("nothing"))); }

/// Puts the checkpoint of another run into a folder, as its newest one.
fs::path put_foreign(const fs::path& folder, const Model& model, const Dataset& data) {
  const fs::path other = fresh_folder("other");
  Trainer trainer(model, adam());
  trainer.fit(data, {.callbacks = {CheckpointFolder(other)}});
  const fs::path foreign = folder / "step-0000000099.safetensors";
  fs::copy_file(checkpoints_in(other).front(), foreign);
  return foreign;
}

Sequential other_network() {
  Sequential model({28, 28, 1});
  model.add(Flatten{}, Dense{.units = 10});
  return model;
}

TEST(RestoreNewest, NamesTheCheckpointsOfOtherRunsAndRestoresTheNewestOfItsOwn) {
  const Dataset data = make_strokes(false, 64);
  for (const bool is_other_model : {true, false}) {
    const fs::path folder = folder_of_checkpoints("foreign");
    const fs::path foreign = put_foreign(folder, is_other_model ? other_network() : small_network(),
                                         is_other_model ? data : make_strokes(false, 65));
    Trainer trainer(small_network(), adam());
    std::vector<std::string> told;
    const auto from = restore_newest(trainer, folder, data, {.epochs = 8},
                                     [&](const Error& error) { told.emplace_back(error.what()); });
    ASSERT_TRUE(from);
    EXPECT_EQ(from->filename(), "step-0000000014.safetensors");
    EXPECT_EQ(trainer.steps_done(), 14u);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_SAYS(told[0], foreign.string());
    EXPECT_SAYS(told[0], is_other_model ? "the same model as before" : "data ");
  }
}

TEST(RestoreNewest, DoesNotBeginAnewWhereAllCheckpointsAreOfOtherRuns) {
  const fs::path folder = folder_of_checkpoints("all-foreign");
  put_bytes(folder / "step-0000000100.safetensors", "damaged");
  Trainer trainer(other_network(), adam());
  const std::string said =
      error_of([&] { restore_newest(trainer, folder, make_strokes(false, 64), {.epochs = 8}, [](const Error&) {}); });
  EXPECT_SAYS(said, "step-0000000014.safetensors");
  EXPECT_SAYS(said, "the same model as before");
}

TEST(RestoreNewest, IsNothingInAnEmptyFolder) {
  Trainer trainer(small_network(), adam());
  EXPECT_FALSE(restore_newest(trainer, fresh_folder("empty"), make_strokes(false, 64), {}, [](const Error&) {}));
}

std::string refusal_of_restoring(const TrainerOptions& options, const Model& model) {
  static const fs::path folder = folder_of_checkpoints("identity");
  Trainer trainer(model, options);
  const auto before = everything(trainer);
  try {
    trainer.restore(newest(folder));
  } catch (const Error& error) {
    EXPECT_EQ(everything(trainer), before);
    return error.what();
  }
  return {};
}

TEST(Restore, RefusesTheCheckpointOfAnotherModel) {
  EXPECT_NE(refusal_of_restoring(adam(), other_network()).find("model"), std::string::npos);
}

TEST(Restore, RefusesTheCheckpointOfAnotherOptimizer) {
  EXPECT_NE(refusal_of_restoring(sgd(), small_network()).find("optimizer"), std::string::npos);
}

TEST(Restore, RefusesAnotherBatchSize) {
  TrainerOptions options = adam();
  options.batch_size = 16;
  EXPECT_NE(refusal_of_restoring(options, small_network()).find("batch size"), std::string::npos);
}

/// What restoring says to a checkpoint that was changed; nothing of the trainer may have changed.
std::string refusal_of_restoring(const std::function<void(Checkpoint&)>& change) {
  static const fs::path folder = folder_of_checkpoints("changed");
  Trainer trainer(small_network(), adam());
  trainer.restore(newest(folder));
  trainer.fit(make_strokes(false, 64), {.epochs = 8});
  const auto before = everything(trainer);
  Checkpoint checkpoint = newest(folder);
  change(checkpoint);
  const std::string said = error_of([&] { trainer.restore(std::move(checkpoint)); });
  EXPECT_EQ(everything(trainer), before);
  return said;
}

TEST(Restore, RefusesACheckpointThatLacksATensorBeforeAnythingChanges) {
  EXPECT_SAYS(refusal_of_restoring([](Checkpoint& c) { c.weights.pop_back(); }), "received no \"");
  EXPECT_SAYS(refusal_of_restoring([](Checkpoint& c) { c.slots.clear(); }), "received no \"adam/");
}

TEST(Restore, RefusesACheckpointWithATensorTwiceBeforeAnythingChanges) {
  EXPECT_SAYS(refusal_of_restoring([](Checkpoint& c) { c.weights.back().first = c.weights.front().first; }),
              "received no \"");
}

TEST(Restore, RefusesATensorOfAnotherShapeBeforeAnythingChanges) {
  EXPECT_SAYS(refusal_of_restoring([](Checkpoint& c) { c.weights.back().second = Tensor({3}, DType::float32); }),
              "float32 [3]");
}

TEST(Restore, RefusesATensorThatTheModelLacksBeforeAnythingChanges) {
  EXPECT_SAYS(refusal_of_restoring([](Checkpoint& c) { c.weights.emplace_back("more", Tensor({3}, DType::float32)); }),
              "expected no \"more\"");
}

TEST(Restore, HoldsThoughAFitWasRefused) {
  const fs::path folder = fresh_folder("again");
  const Dataset data = make_strokes(false, 150);
  Trainer first(small_network(), adam());
  first.fit(data, {.epochs = 2, .callbacks = {CheckpointFolder(folder)}});
  Trainer second(small_network(), adam());
  second.restore(newest(folder));
  EXPECT_SAYS(error_of([&] { second.fit(data, {.epochs = 1}); }), "cannot end earlier");
  second.fit(data, {.epochs = 3});
  EXPECT_EQ(everything(second), train(adam(), {.epochs = 3}).tensors);
}

TEST(Restore, ThenRefusesOtherData) {
  const fs::path folder = folder_of_checkpoints("data");
  Trainer trainer(small_network(), adam());
  trainer.restore(newest(folder));
  EXPECT_THROW(trainer.fit(make_strokes(false, 65), {.epochs = 9}), Error);
}

TEST(Checkpoint, CanOnlyBeTakenWhileAFitSettles) {
  Trainer trainer(small_network(), adam());
  EXPECT_THROW(trainer.checkpoint(), Error);
}

TEST(Checkpoint, KeepsANumberThatIsNone) {
  const fs::path folder = fresh_folder("nan");
  fs::create_directories(folder);
  Checkpoint checkpoint;
  checkpoint.progress.epoch_sums.loss = std::numeric_limits<double>::quiet_NaN();
  checkpoint.callbacks["one"].numbers["best"] = -std::numeric_limits<double>::infinity();
  write_checkpoint(folder / "a.safetensors", checkpoint);
  const Checkpoint back = read_checkpoint(folder / "a.safetensors");
  EXPECT_TRUE(std::isnan(back.progress.epoch_sums.loss));
  EXPECT_EQ(back.callbacks.at("one").numbers.at("best"), -std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace evenkeel
