#include "evenkeel/train/settings.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "evenkeel/base/error.h"
#include "evenkeel/nn/model_file.h"
#include "evenkeel/train/callbacks.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

TEST(OverriddenSettings, KeepWhatIsNotOverridden) {
  const Settings s = overridden({{"loss", "mse"}, {"batch_size", 8}}, {{"batch_size", 16}});
  EXPECT_EQ(s, (Settings{{"loss", "mse"}, {"batch_size", 16}}));
}

TEST(OverriddenSettings, HaveEpochsInPlaceOfSteps) {
  EXPECT_EQ(overridden({{"steps", 100}}, {{"epochs", 2}}), (Settings{{"epochs", 2}}));
}

TEST(OverriddenSettings, HaveStepsInPlaceOfEpochs) {
  EXPECT_EQ(overridden({{"epochs", 2}}, {{"steps", 100}}), (Settings{{"steps", 100}}));
}

TEST(OverriddenSettings, LoseWhatOnlyTheFilesOptimizerHas) {
  EXPECT_EQ(overridden({{"optimizer", "sgd"}, {"learning_rate", 0.5}, {"momentum", 0.9}}, {{"optimizer", "adam"}}),
            (Settings{{"optimizer", "adam"}, {"learning_rate", 0.5}}));
}

TEST(OverriddenSettings, KeepTheOptimizersFieldsWhereItIsTheSame) {
  EXPECT_EQ(overridden({{"optimizer", "sgd"}, {"momentum", 0.9}}, {{"optimizer", "sgd"}}),
            (Settings{{"optimizer", "sgd"}, {"momentum", 0.9}}));
}

TEST(OverriddenSettings, LoseWhatOnlyTheFilesScheduleHas) {
  EXPECT_EQ(overridden({{"schedule", "cosine"}, {"warmup_steps", 5}, {"alpha", 0.1}}, {{"schedule", "one_cycle"}}),
            (Settings{{"schedule", "one_cycle"}, {"warmup_steps", 5}}));
}

TEST(OverriddenSettings, LoseWhatOnlyTheFilesLossHas) {
  EXPECT_EQ(overridden({{"loss", "binary_crossentropy"}, {"label_smoothing", 0.1}}, {{"loss", "mse"}}),
            (Settings{{"loss", "mse"}}));
}

TEST(OverriddenSettings, ClipOneWay) {
  EXPECT_EQ(overridden({{"clipnorm", 1}}, {{"clipvalue", 0.5}}), (Settings{{"clipvalue", 0.5}}));
}

TEST(CheckedSettings, KnowNamesInKerassSpelling) {
  const Settings s = training_keys().checked({{"loss", "SparseCategoricalCrossentropy"}, {"optimizer", "SGD"}});
  EXPECT_EQ(s, (Settings{{"loss", "sparse_categorical_crossentropy"}, {"optimizer", "sgd"}}));
  EXPECT_EQ(name_of(optimizer_of({{"optimizer", "AdamW"}})), "adam");
}

TEST(OptimizerOfSettings, IsAdamByDefault) { EXPECT_EQ(name_of(optimizer_of({})), "adam"); }

TEST(OptimizerOfSettings, HasItsFields) {
  const Optimizer optimizer = optimizer_of({{"optimizer", "sgd"}, {"momentum", 0.9}, {"nesterov", true}});
  EXPECT_EQ(std::get<SGD>(optimizer).momentum, 0.9);
  EXPECT_TRUE(std::get<SGD>(optimizer).nesterov);
}

TEST(OptimizerOfSettings, RefusesAFieldOfAnotherOptimizer) {
  EXPECT_SAYS(
      error_of([] {
        optimizer_of({{"optimizer", "adam"}, {.key = "momentum", .value = 0.9, .where = "m.toml:7: [training]"}});
      }),
      "m.toml:7: [training]: \"adam\": it has no \"momentum\".");
}

TEST(ScheduleOfSettings, IsConstantByDefault) { EXPECT_EQ(schedule_of({}), Schedule(ConstantSchedule{})); }

TEST(ScheduleOfSettings, HasItsFields) {
  EXPECT_EQ(schedule_of({{"schedule", "cosine"}, {"warmup_steps", 5}, {"alpha", 0.1}}),
            Schedule(CosineSchedule{.alpha = 0.1, .warmup_steps = 5}));
}

TEST(ScheduleOfSettings, RefusesAFieldOfAnotherSchedule) {
  EXPECT_THROW(schedule_of({{"schedule", "cosine"}, {"decay_rate", 0.5}}), Error);
  EXPECT_THROW(schedule_of({{"decay_steps", 5}}), Error) << "constant";
}

TEST(LossOfSettings, HasItsSmoothing) {
  EXPECT_EQ(loss_of({{"loss", "categorical_crossentropy"}, {"label_smoothing", 0.1}}),
            Loss(SoftmaxCrossEntropy{.label_smoothing = 0.1}));
}

TEST(LossOfSettings, RefusesToSmoothTheTargetsOfMse) {
  EXPECT_THROW(loss_of({{"loss", "mse"}, {"label_smoothing", 0.1}}), Error);
}

const std::string kModel = "input = [3]\n[[layer]]\ntype = \"Flatten\"\n[training]\n";

/// What a model file's setting is refused with.
std::string refusal(const std::string& setting) {
  return error_of([&] { training_keys().checked(parse_model_file(kModel + setting + '\n', "m.toml").training); });
}

TEST(TrainingKeys, NameAnUnknownOne) {
  const std::string error = refusal("learning_rat = 0.1");
  EXPECT_SAYS(error, "m.toml:5: [training]: unknown key \"learning_rat\". Known: loss, label_smoothing, optimizer,");
  EXPECT_SAYS(error, "Did you mean \"learning_rate\"?");
}

TEST(TrainingKeys, CheckTheRanges) {
  for (const std::string setting : {"learning_rate = 0.0",  "momentum = 1.0",       "beta_1 = -0.1",
                                    "beta_2 = 1",           "epsilon = 0",          "batch_size = 0",
                                    "epochs = 0",           "steps = -1",           "seed = -1",
                                    "nesterov = 1",         "clipnorm = 0",         "ema_momentum = 1",
                                    "warmup_steps = -1",    "boundaries = [0.5]",   "class_weight = [1, -2.5]",
                                    "label_smoothing = 2",  "alpha = 1.5",          "precision = \"float16\"",
                                    "terminate_on_nan = 1", "reduce_lr_factor = 1", "early_stopping = 0.5"})
    EXPECT_SAYS(refusal(setting), "m.toml:5: [training]: \"" + setting.substr(0, setting.find(' ')) + "\": expected");
}

TEST(TrainingKeys, NameTheNearestChoice) {
  EXPECT_SAYS(refusal("loss = \"mes\""), "m.toml:5: [training]: loss: expected one of");
  EXPECT_SAYS(refusal("loss = \"mes\""), "Did you mean \"mse\"?");
  EXPECT_SAYS(refusal("optimizer = \"adamm\""), "Did you mean \"adam\"?");
  EXPECT_SAYS(refusal("schedule = \"cosin\""), "Did you mean \"cosine\"?");
}

/// Each key is there once, though several may share it: what all optimizers have is described without a name.
TEST(TrainingKeys, AreDescribedOnce) {
  std::vector<std::string> names = training_keys().names();
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
  for (const SettingKey& key : training_keys().all()) EXPECT_FALSE(key.help.empty()) << key.name;
  EXPECT_EQ(training_keys().find("clipnorm")->help, "largest norm of each gradient tensor");
  EXPECT_EQ(training_keys().find("beta_1")->help, "adam: weight of the old first moment");
  EXPECT_EQ(training_keys().find("decay_steps")->help,
            "step: steps between two decays; cosine: steps of the whole decay, by default the rest of the run");
}

TEST(TrainingKeys, TakeNoRunThatDoesNotEnd) {
  for (const char* name : {"epochs", "steps"}) {
    EXPECT_EQ(refusal(std::string(name) + " = 1000000000"), "");
    EXPECT_SAYS(refusal(std::string(name) + " = 1000000001"), name);
  }
}

/// Everything that can be chosen, each with fields of its own.
TEST(SettingsOfTrainerOptions, AreThoseThatMakeTheSameOptionsAgain) {
  for (const std::string& optimizer : optimizer_names())
    for (const std::string& schedule : schedule_names())
      for (const std::string& loss : loss_names()) {
        SCOPED_TRACE(optimizer + ' ' + schedule + ' ' + loss);
        Settings settings{{"loss", loss},         {"optimizer", optimizer}, {"clipvalue", 0.25}, {"ema_momentum", 0.75},
                          {"schedule", schedule}, {"warmup_steps", 3},      {"seed", 4}};
        if (schedule == "step") settings.set({"boundaries", std::vector<std::int64_t>{4, 9}});
        settings.set({"class_weight", std::vector<double>{1, 2.5}});
        const TrainerOptions options = trainer_options(settings);
        const TrainerOptions again = trainer_options(training_settings(options));
        EXPECT_EQ(again.loss, options.loss);
        EXPECT_EQ(settings_of(again.optimizer), settings_of(options.optimizer));
        EXPECT_EQ(again.schedule, options.schedule);
        EXPECT_EQ(again.class_weight, options.class_weight);
      }
}

TEST(LossOfSettings, IsRefusedWhereThereIsNone) { EXPECT_THROW(loss_of({}), Error); }

TEST(TrainerOptionsOfSettings, HaveKerassBatchSizeByDefault) {
  EXPECT_EQ(trainer_options({{"loss", "mse"}}).batch_size, 32);
}

TEST(TrainerOptionsOfSettings, HaveTheSettingsSeed) {
  EXPECT_EQ(trainer_options({{"loss", "mse"}, {"seed", 7}}).seed, 7u);
}

TEST(TrainingKeys, HaveADefaultOnlyWhereAnAbsentKeyStandsForIt) {
  const auto defaults_of = [](const char* key) { return training_keys().find(key)->defaults; };
  EXPECT_TRUE(defaults_of("loss").empty());
  EXPECT_TRUE(defaults_of("early_stopping").empty());  // it is not on
  EXPECT_EQ(defaults_of("optimizer").front().second, FieldValue(std::string("adam")));
  EXPECT_EQ(defaults_of("batch_size").front().second, FieldValue(std::int64_t{32}));
}

TEST(CallbacksOfSettings, AreThoseThatAreAskedFor) {
  EXPECT_TRUE(callbacks_of({{"save_best", false}, {"batch_size", 8}}, {}).empty());
  EXPECT_EQ(callbacks_of({{"early_stopping", 0}, {"terminate_on_nan", true}, {"reduce_lr_patience", 2}}, {}).size(),
            3u);
}

TEST(CallbacksOfSettings, NeedTheirOwn) {
  EXPECT_SAYS(error_of([] {
                callbacks_of({{"restore_best_weights", true}}, {});
              }),
              "\"restore_best_weights\": expected \"early_stopping\" with it, received none.");
  EXPECT_SAYS(error_of([] { callbacks_of({{"min_lr", 0.1}}, {}); }), "\"reduce_lr_patience\" with it");
  EXPECT_SAYS(error_of([] {
                callbacks_of({{"monitor", "loss", "m.toml:7"}}, {});
              }),
              "m.toml:7: \"monitor\": expected \"early_stopping\" or \"save_best\" or \"reduce_lr_patience\" with it");
  EXPECT_SAYS(error_of([] {
                callbacks_of({{"min_delta", 0.1}, {"save_best", true}, {"monitor", "loss"}}, {});
              }),
              "\"min_delta\": expected \"early_stopping\" or \"reduce_lr_patience\" with it");
}

TEST(CallbacksOfSettings, WatchValidationOnlyWhereThereIsSome) {
  const Settings settings{{"early_stopping", 1}, {"monitor", "val_accuracy"}};
  EXPECT_SAYS(error_of([&] { callbacks_of(settings, {}); }), "validation data with it");
  EXPECT_EQ(callbacks_of(settings, {.has_validation = true}).size(), 1u);
}

}  // namespace
}  // namespace evenkeel
