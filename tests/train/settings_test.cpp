#include "evenkeel/train/settings.h"

#include <gtest/gtest.h>

#include "evenkeel/base/error.h"
#include "tests/support/testing.h"

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

TEST(OverriddenSettings, LoseWhatOnlyTheFilesScheduleHas) {
  const TrainingSettings s =
      overridden({.schedule = "cosine", .warmup_steps = 5, .alpha = 0.1}, {.schedule = "one_cycle"});
  EXPECT_FALSE(s.alpha.has_value());
  EXPECT_EQ(s.warmup_steps, 5);
}

TEST(OverriddenSettings, LoseWhatOnlyTheFilesLossHas) {
  EXPECT_FALSE(overridden({.loss = "binary_crossentropy", .label_smoothing = 0.1}, {.loss = "mse"}).label_smoothing);
}

TEST(OverriddenSettings, ClipOneWay) {
  const TrainingSettings s = overridden({.clipnorm = 1}, {.clipvalue = 0.5});
  EXPECT_FALSE(s.clipnorm.has_value());
  EXPECT_EQ(s.clipvalue, 0.5);
}

TEST(ScheduleOfSettings, IsConstantByDefault) { EXPECT_EQ(schedule_of({}), Schedule(ConstantSchedule{})); }

TEST(ScheduleOfSettings, HasItsFields) {
  EXPECT_EQ(schedule_of({.schedule = "cosine", .warmup_steps = 5, .alpha = 0.1}),
            Schedule(CosineSchedule{.alpha = 0.1, .warmup_steps = 5}));
}

TEST(ScheduleOfSettings, RefusesAFieldOfAnotherSchedule) {
  EXPECT_THROW(schedule_of({.schedule = "cosine", .decay_rate = 0.5}), Error);
  EXPECT_THROW(schedule_of({.decay_steps = 5}), Error) << "constant";
}

TEST(LossOfSettings, HasItsSmoothing) {
  EXPECT_EQ(loss_of({.loss = "categorical_crossentropy", .label_smoothing = 0.1}),
            Loss(SoftmaxCrossEntropy{.label_smoothing = 0.1}));
}

TEST(LossOfSettings, RefusesToSmoothTheTargetsOfMse) {
  EXPECT_THROW(loss_of({.loss = "mse", .label_smoothing = 0.1}), Error);
}

template <class Field, class T>
bool takes(const Field& field, T& options, const FieldValue& value) {
  return error_of([&] { field.set(options, value); }).empty();
}

/// Every field of T is a setting by the same name, of the same kind and range.
template <class T>
void expect_settings_for() {
  const std::vector<FieldValue> values = {
      true, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, std::int64_t{2}, -0.5, 1e-9, 0.5, 1.0, 1.5, "text"};
  for (const auto& field : fields_of<T>().all()) {
    const auto* setting = fields_of<TrainingSettings>().find(field.name);
    ASSERT_TRUE(setting) << field.name;
    EXPECT_EQ(setting->kind, field.kind) << field.name;
    for (const FieldValue& value : values) {
      T options;
      TrainingSettings settings;
      EXPECT_EQ(takes(*setting, settings, value), takes(field, options, value))
          << field.name << ' ' << to_string(value);
    }
  }
}

TEST(TrainingSettings, HaveEveryFieldOfWhatTheyChoose) {
  expect_settings_for<SGD>();
  expect_settings_for<Adam>();
  expect_settings_for<ConstantSchedule>();
  expect_settings_for<StepSchedule>();
  expect_settings_for<CosineSchedule>();
  expect_settings_for<OneCycleSchedule>();
  expect_settings_for<SoftmaxCrossEntropy>();
  expect_settings_for<SigmoidCrossEntropy>();
  expect_settings_for<MeanSquaredError>();
  expect_settings_for<Augmentation>();
}

TEST(TrainingSettings, TakeNoRunThatDoesNotEnd) {
  TrainingSettings settings;
  for (const char* name : {"epochs", "steps"}) {
    const auto* field = fields_of<TrainingSettings>().find(name);
    EXPECT_TRUE(takes(*field, settings, std::int64_t{1000000000})) << name;
    EXPECT_FALSE(takes(*field, settings, std::int64_t{1000000001})) << name;
  }
}

/// Everything that can be chosen, each with fields of its own.
TEST(SettingsOfTrainerOptions, AreThoseThatMakeTheSameOptionsAgain) {
  for (const std::string& optimizer : optimizer_names())
    for (const std::string& schedule : schedule_names())
      for (const std::string& loss : loss_names()) {
        SCOPED_TRACE(optimizer + ' ' + schedule + ' ' + loss);
        TrainingSettings settings{.loss = loss,
                                  .optimizer = optimizer,
                                  .clipvalue = 0.25,
                                  .ema_momentum = 0.75,
                                  .schedule = schedule,
                                  .warmup_steps = 3};
        if (schedule == "step") settings.boundaries = {4, 9};
        settings.class_weight = {1, 2.5};
        const TrainerOptions options = trainer_options(settings);
        const TrainerOptions again = trainer_options(settings_of(options));
        EXPECT_EQ(again.loss, options.loss);
        EXPECT_EQ(settings_of(again.optimizer), settings_of(options.optimizer));
        EXPECT_EQ(again.schedule, options.schedule);
        EXPECT_EQ(again.class_weight, options.class_weight);
      }
}

TEST(LossOfSettings, IsRefusedWhereThereIsNone) { EXPECT_THROW(loss_of({}), Error); }

TEST(TrainerOptionsOfSettings, HaveKerassBatchSizeByDefault) {
  EXPECT_EQ(trainer_options({.loss = "mse"}).batch_size, 32);
}

TEST(TrainerOptionsOfSettings, HaveTheSettingsSeed) { EXPECT_EQ(trainer_options({.loss = "mse", .seed = 7}).seed, 7u); }

}  // namespace
}  // namespace evenkeel
