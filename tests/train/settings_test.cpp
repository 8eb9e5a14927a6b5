#include "evenkeel/train/settings.h"

#include <gtest/gtest.h>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

TEST(OverriddenSettings, KeepWhatIsNotOverridden) {
  const TrainingSettings s = overridden({.loss = "mse", .batch_size = 8}, {.batch_size = 16});
  EXPECT_EQ(s.loss, "mse");
  EXPECT_EQ(s.batch_size, 16);
}

TEST(OverriddenSettings, HaveEpochsInPlaceOfSteps) {
  EXPECT_FALSE(overridden({.steps = 100}, {.epochs = 2}).steps.has_value());
}

TEST(OverriddenSettings, HaveStepsInPlaceOfEpochs) {
  EXPECT_FALSE(overridden({.epochs = 2}, {.steps = 100}).epochs.has_value());
}

TEST(OverriddenSettings, LoseWhatOnlyTheFilesOptimizerHas) {
  const TrainingSettings s =
      overridden({.optimizer = "sgd", .learning_rate = 0.5, .momentum = 0.9}, {.optimizer = "adam"});
  EXPECT_FALSE(s.momentum.has_value());
  EXPECT_EQ(s.learning_rate, 0.5);
}

TEST(OverriddenSettings, KeepTheOptimizersFieldsWhereItIsTheSame) {
  EXPECT_EQ(overridden({.optimizer = "sgd", .momentum = 0.9}, {.optimizer = "sgd"}).momentum, 0.9);
}

TEST(OptimizerOfSettings, IsAdamByDefault) { EXPECT_EQ(name_of(optimizer_of({})), "adam"); }

TEST(OptimizerOfSettings, HasItsFields) {
  const Optimizer optimizer = optimizer_of({.optimizer = "sgd", .momentum = 0.9, .nesterov = true});
  EXPECT_EQ(std::get<SGD>(optimizer).momentum, 0.9);
  EXPECT_TRUE(std::get<SGD>(optimizer).nesterov);
}

TEST(OptimizerOfSettings, RefusesAFieldOfAnotherOptimizer) {
  EXPECT_THROW(optimizer_of({.optimizer = "adam", .momentum = 0.9}), Error);
}

TEST(LossOfSettings, IsRefusedWhereThereIsNone) { EXPECT_THROW(loss_of({}), Error); }

TEST(TrainerOptionsOfSettings, HaveKerassBatchSizeByDefault) {
  EXPECT_EQ(trainer_options({.loss = "mse"}).batch_size, 32);
}

TEST(TrainerOptionsOfSettings, HaveTheSettingsSeed) { EXPECT_EQ(trainer_options({.loss = "mse", .seed = 7}).seed, 7u); }

}  // namespace
}  // namespace evenkeel
