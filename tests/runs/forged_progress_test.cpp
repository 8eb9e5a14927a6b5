// Checkpoints whose checksums are right, and whose numbers are not those of a run.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "evenkeel/base/error.h"
#include "evenkeel/data/strokes.h"
#include "evenkeel/runs/checkpoint_folder.h"
#include "evenkeel/train/checkpoint.h"
#include "evenkeel/train/trainer.h"
#include "tests/support/testing.h"
#include "tests/support/training.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

TrainerOptions options() {
  return {.loss = SoftmaxCrossEntropy{}, .optimizer = Adam{}, .batch_size = 32, .seed = 7, .compute = {.threads = 1}};
}

/// Checkpoints of seven epochs of two steps, the newest with another progress.
class ForgedProgress : public testing::Test {
 protected:
  void forge(const std::function<void(FitProgress&)>& change) {
    Trainer trainer(small_network(), options());
    trainer.fit(data_, {.epochs = 7, .callbacks = {CheckpointFolder(folder_.path())}});
    const auto newest = newest_checkpoint(folder_.path());
    Checkpoint checkpoint = read_checkpoint(newest->path);
    change(checkpoint.progress);
    write_checkpoint(newest->path, checkpoint, {});
  }

  const Dataset data_ = make_strokes(false, 64);
  TestFolder folder_;
};

TEST_F(ForgedProgress, BeyondAllBoundsIsPassedOverLikeADamagedFile) {
  for (const std::int64_t number : {std::int64_t{-1}, kHighest, std::numeric_limits<std::int64_t>::min()}) {
    for (std::int64_t FitProgress::*member : {&FitProgress::steps, &FitProgress::step_in_epoch}) {
      forge([&](FitProgress& progress) { progress.*member = number; });
      EXPECT_EQ(newest_checkpoint(folder_.path())->checkpoint.progress.steps, 12) << number;
    }
    forge([&](FitProgress& progress) { progress.position.epoch = number; });
    EXPECT_EQ(newest_checkpoint(folder_.path())->checkpoint.progress.steps, 12) << number;
  }
}

TEST_F(ForgedProgress, ThatContradictsItselfIsNotGoneOnFrom) {
  const std::function<void(FitProgress&)> changes[] = {[](FitProgress& progress) { progress.steps -= 1; },
                                                       [](FitProgress& progress) { progress.steps = 1LL << 52; },
                                                       [](FitProgress& progress) { progress.position.epoch -= 1; },
                                                       [](FitProgress& progress) { progress.position.offset = 3; },
                                                       [](FitProgress& progress) { progress.step_in_epoch = 99; }};
  for (const auto& change : changes) {
    forge(change);
    Trainer trainer(small_network(), options());
    trainer.restore(std::move(newest_checkpoint(folder_.path())->checkpoint));
    EXPECT_THROW(trainer.fit(data_, {.epochs = 9}), Error);
  }
}

}  // namespace
}  // namespace evenkeel
