#include "evenkeel/diagnose/measure/training_records.h"

#include "evenkeel/data/strokes.h"
#include "evenkeel/nn/weights_file.h"
#include "evenkeel/runs/checkpoint_folder.h"
#include "evenkeel/runs/run_folder.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

Sequential small_model() {
  Sequential model({28, 28, 1}, "small");
  model.add(Rescaling{.scale = 1 / 255.0}, Flatten{}, Dense{.units = 6}, BatchNormalization{.name = "norm"},
            Dense{.units = 10});
  return model;
}

/// A run of ten steps with a checkpoint after every fifth, and the statistics at each.
struct ShortRun {
  explicit ShortRun(const std::filesystem::path& path, const std::string& initial_weights = {})
      : ShortRun(path, {.epochs = 2, .initial_weights = initial_weights}) {}
  ShortRun(const std::filesystem::path& path, RunDescription description) : folder(path) {
    const Sequential model = small_model();
    const Dataset data = make_strokes(false, 100);
    Trainer trainer(model, {.optimizer = Adam{.weight_decay = 0.02, .ema_momentum = 0.75},
                            .class_weight = std::vector<double>(10, 0.5),
                            .batch_size = 20,
                            .compute = {.threads = 1}});
    folder.write_description({.model = model}, trainer, description);
    for (int epoch = 0; epoch < 2; ++epoch) {
      trainer.fit(data, {.callbacks = {CheckpointFolder(folder.checkpoints())}});
      statistics.push_back(moving_statistics(trainer.network()));
    }
    folder.write_result({.model = model}, trainer, description, {}, {});
  }
  Records records() const { return training_records(folder.path(), small_model()); }

  RunFolder folder;
  std::vector<std::vector<LayerStatistics>> statistics;
};

TEST(TrainingRecords, HaveTheSettingsAndTheStepsOfTheRun) {
  const TestFolder tmp;
  const Records records = ShortRun(tmp / "run").records();
  EXPECT_EQ(records.batch_size, 20);
  EXPECT_EQ(records.weight_decay, 0.02);
  EXPECT_EQ(records.updates, 10U);
  EXPECT_EQ(records.ema_momentum, 0.75);
  EXPECT_EQ(records.class_weight, std::vector<double>(10, 0.5));
  EXPECT_EQ(records.shuffled, true);
}

TEST(TrainingRecords, HaveTheOrderAndTheLastBatchOfTheData) {
  const TestFolder tmp;
  const auto last_batch = [&](const char* name, const RunDescription& description) {
    return ShortRun(tmp / name, description).records().last_batch;
  };
  EXPECT_EQ(last_batch("left_over", {.samples = 101, .epochs = 2}), 1);
  EXPECT_EQ(last_batch("whole", {.samples = 100, .epochs = 2}), std::nullopt);
  EXPECT_EQ(last_batch("steps", {.samples = 101, .steps = 10}), std::nullopt) << "steps are of full batches";
  EXPECT_EQ(last_batch("not_recorded", {.epochs = 2}), std::nullopt);
  EXPECT_EQ(ShortRun(tmp / "sorted", RunDescription{.shuffle = false}).records().shuffled, false);
}

TEST(TrainingRecords, HaveTheStatisticsThatTrainingStartedFrom) {
  const TestFolder tmp;
  const std::string start = (tmp / "start.safetensors").string();
  const Network network(small_model(), {.seed = 4, .compute = {.threads = 1}});
  save_weights(start, network.weights(), network.store());
  const ShortRun run(tmp / "run", start);
  std::filesystem::remove(checkpoints_in(run.folder.checkpoints()).back());
  const Records records = run.records();
  EXPECT_TRUE(records.are_initial_statistics);
  EXPECT_EQ(records.earlier_statistics, moving_statistics(network));
  std::filesystem::remove(start);
  EXPECT_TRUE(run.records().earlier_statistics.empty());
  EXPECT_EQ(run.records().initial_weights, start);
}

TEST(TrainingRecords, KnowNoNumberOfUpdatesOfWeightsThatWereGiven) {
  const TestFolder tmp;
  EXPECT_FALSE(ShortRun(tmp / "run", "old.safetensors").records().updates);
}

TEST(TrainingRecords, HaveTheStatisticsOfTheNewestCheckpointButOne) {
  const TestFolder tmp;
  const ShortRun run(tmp / "run");
  const Records records = run.records();
  EXPECT_EQ(records.earlier_statistics, run.statistics[0]);
  EXPECT_NE(records.earlier_statistics, run.statistics[1]);
}

TEST(TrainingRecords, KnowNoEarlierStatisticsOfASingleCheckpointOrAnotherModel) {
  const TestFolder tmp;
  const ShortRun run(tmp / "run");
  Sequential other({28, 28, 1});
  other.add(Flatten{}, BatchNormalization{.name = "other"}, Dense{.units = 10});
  EXPECT_TRUE(training_records(run.folder.path(), other).earlier_statistics.empty());
  std::filesystem::remove(checkpoints_in(run.folder.checkpoints()).back());
  EXPECT_TRUE(run.records().earlier_statistics.empty());
}

TEST(TrainingRecords, PassOverADamagedCheckpoint) {
  const TestFolder tmp;
  const ShortRun run(tmp / "run");
  std::filesystem::resize_file(checkpoints_in(run.folder.checkpoints()).back(), 200);
  EXPECT_TRUE(run.records().earlier_statistics.empty());
}

}  // namespace
}  // namespace evenkeel
