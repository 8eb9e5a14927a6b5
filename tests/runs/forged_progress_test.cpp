// Checkpoints whose checksums are right, and whose numbers are not those of a run.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "evenkeel/base/error.h"
#include "evenkeel/data/strokes.h"
#include "evenkeel/runs/checkpoint_folder.h"
#include "evenkeel/train/callbacks/early_stopping.h"
#include "evenkeel/train/callbacks/reduce_lr_on_plateau.h"
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
                                                       [](FitProgress& progress) { progress.step_in_epoch = 99; },
                                                       [](FitProgress& progress) { progress.history.epochs.clear(); }};
  for (const auto& change : changes) {
    forge(change);
    Trainer trainer(small_network(), options());
    trainer.restore(std::move(newest_checkpoint(folder_.path())->checkpoint));
    EXPECT_THROW(trainer.fit(data_, {.epochs = 9}), Error);
  }
}

/// Training that callbacks end, and one checkpoint of it with another state.
class ForgedCallbacks : public testing::Test {
 protected:
  static FitOptions fit_options() {
    return {.epochs = 9,
            .callbacks = {EarlyStopping({.monitor = "loss", .patience = 5, .restore_best_weights = true}),
                          ReduceLROnPlateau({.monitor = "loss"})}};
  }
  void expect_a_refusal(const std::function<void(Checkpoint&)>& change, const std::string& why) {
    Trainer trainer(small_network(), options());
    FitOptions fit = fit_options();
    fit.epochs = 2;
    fit.callbacks.emplace_back(CheckpointFolder(folder_.path()));
    trainer.fit(data_, fit);
    Checkpoint checkpoint = std::move(newest_checkpoint(folder_.path())->checkpoint);
    change(checkpoint);
    const auto path = folder_ / "forged.safetensors";
    write_checkpoint(path, checkpoint, {});
    Trainer resumed(small_network(), options());
    EXPECT_SAYS(error_of([&] {
                  resumed.restore(read_checkpoint(path));
                  resumed.fit(data_, fit_options());
                }),
                why);
    EXPECT_EQ(resumed.steps_done() % 4, 0u) << "it was refused after training";
  }

  const Dataset data_ = make_strokes(false, 64);
  TestFolder folder_;
};

TEST_F(ForgedCallbacks, WithNumbersThatAreNoCountsAreRefused) {
  for (const char* callback : {"early_stopping", "reduce_lr_on_plateau"})
    for (const double number : {-1.0, 0.5, 1e300, std::nan("")})
      expect_a_refusal([&](Checkpoint& c) { c.callbacks[callback].numbers["wait"] = number; },
                       "\"wait\" of a callback");
  expect_a_refusal([](Checkpoint& c) { c.callbacks["early_stopping"].numbers.erase("best_epoch"); }, "received none");
  expect_a_refusal([](Checkpoint& c) { c.callbacks["early_stopping"].numbers["best_epoch"] = 3; },
                   "expected one of the 2 so far");
}

TEST_F(ForgedCallbacks, WithBestWeightsOfAnotherNetworkAreRefusedAtTheBeginning) {
  expect_a_refusal(
      [](Checkpoint& c) { c.callbacks["early_stopping"].tensors["dense/bias"] = Tensor({3}, DType::float32); },
      "best weights: expected \"dense/bias\" float32 [10], as this run has, received");
  expect_a_refusal([](Checkpoint& c) { c.callbacks["early_stopping"].tensors.erase("dense/bias"); }, "best weights");
}

TEST_F(ForgedCallbacks, WithARateThatIsNoneAreRefused) {
  for (const double scale : {-1.0, std::nan(""), std::numeric_limits<double>::infinity()})
    expect_a_refusal([&](Checkpoint& c) { c.learning_rate_scale = scale; }, "learning_rate_scale");
}

}  // namespace
}  // namespace evenkeel
