// Several fits in one process at the same time; each reads ahead in one thread and writes checkpoints in another.
// ThreadSanitizer watches these tests (`make test-threads`).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "evenkeel/data/strokes.h"
#include "evenkeel/runs/checkpoint_folder.h"
#include "evenkeel/train/trainer.h"
#include "tests/support/testing.h"
#include "tests/support/training.h"

namespace evenkeel {
namespace {

const Dataset& strokes() {
  static const Dataset data = make_strokes(false, 100);
  return data;
}

/// The weights after two epochs, with a checkpoint after each step.
std::vector<std::byte> trained(std::uint64_t seed, const std::filesystem::path& checkpoints) {
  Trainer trainer(
      small_network(),
      {.loss = SoftmaxCrossEntropy{}, .optimizer = Adam{}, .batch_size = 32, .seed = seed, .compute = {.threads = 1}});
  trainer.fit(strokes(), {.epochs = 2,
                          .validation = &strokes(),
                          .callbacks = {CheckpointFolder(checkpoints, {.every_steps = 1, .keep = 2})}});
  return bytes_of(trainer.network().store().parameters);
}

TEST(TwoTrainersAtTheSameTime, LearnWhatEachLearnsAlone) {
  const TestFolder folder;
  const std::vector<std::byte> first = trained(1, folder / "1"), second = trained(2, folder / "2");
  std::vector<std::byte> first_beside, second_beside;
  {
    const std::jthread one([&] { first_beside = trained(1, folder / "3"); });
    const std::jthread other([&] { second_beside = trained(2, folder / "4"); });
  }
  EXPECT_EQ(first, first_beside);
  EXPECT_EQ(second, second_beside);
  EXPECT_NE(first, second);
}

TEST(TwoTrainersAtTheSameTime, LeaveWholeCheckpoints) {
  const TestFolder folder;
  {
    const std::jthread one([&] { trained(1, folder / "1"); });
    const std::jthread other([&] { trained(2, folder / "2"); });
  }
  for (const char* name : {"1", "2"}) {
    int damaged = 0;
    const auto found = newest_checkpoint(folder / name, [&](const Error&) { ++damaged; });
    ASSERT_TRUE(found);
    EXPECT_EQ(found->checkpoint.progress.steps, 8);
    EXPECT_EQ(damaged, 0);
  }
}

TEST(ACheckpointInTheBackground, HoldsTheStepItWasTakenAt) {
  const TestFolder folder;
  trained(1, folder / "all");
  for (const auto& path : checkpoints_in(folder / "all")) {
    const Checkpoint checkpoint = read_checkpoint(path);
    EXPECT_EQ(path.stem().string().substr(5), fmt::format("{:010}", checkpoint.progress.steps));
  }
}

}  // namespace
}  // namespace evenkeel
