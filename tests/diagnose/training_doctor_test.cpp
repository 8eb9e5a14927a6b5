#include "evenkeel/diagnose/training_doctor.h"

#include "tests/diagnose/helpers.h"
#include "tests/diagnose/trained.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

struct Told {
  std::vector<std::string> codes;
  std::vector<std::int64_t> epochs;

  TrainingDoctor doctor() {
    return TrainingDoctor({.samples = 512, .tell = [this](const Finding& f, std::int64_t epoch) {
                             codes.push_back(f.code);
                             epochs.push_back(epoch);
                           }});
  }
};

TrainerOptions options() {
  return {.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}};
}

TEST(TrainingDoctor, TellsThatStatisticsLagOnce) {
  for (const Sequential& model : {small_convnet(0.999), small_mlp(0.999)}) {
    Told told;
    Trainer trainer(model, options());
    trainer.fit(small_data().train.range(0, 1000), {.epochs = 4, .callbacks = {told.doctor(), told.doctor()}});
    EXPECT_EQ(told.codes, (std::vector<std::string>{"lagging", "lagging"})) << "two doctors, each once";
  }
}

TEST(TrainingDoctor, LooksWhileTrainingGoesOn) {
  Told told;
  Trainer trainer(small_mlp(0.9999), options());
  // Of 36,000 samples trained, the first look is due after 25,600.
  trainer.fit(small_data().train, {.epochs = 6, .callbacks = {told.doctor()}});
  ASSERT_FALSE(told.epochs.empty());
  EXPECT_EQ(told.epochs.front(), 5);
}

TEST(TrainingDoctor, IsSilentOnHealthyTraining) {
  for (const Sequential& model : {small_convnet(), small_mlp()}) {
    Told told;
    Trainer trainer(model, options());
    trainer.fit(small_data().train, {.epochs = 1, .callbacks = {told.doctor()}});
    EXPECT_EQ(told.codes, std::vector<std::string>());
  }
}

TEST(TrainingDoctor, ChangesNoBitOfTheTraining) {
  const auto bytes = [](bool watched) {
    Told told;
    Trainer trainer(small_convnet(0.99, 0.3), options());
    FitOptions fit{.epochs = 3};
    if (watched)
      fit.callbacks.emplace_back(TrainingDoctor({.training_per_look = 0, .tell = [](const Finding&, auto) {}}));
    trainer.fit(small_data().train.range(0, 1000), fit);
    return trained_bytes(trainer.network());
  };
  EXPECT_EQ(bytes(true), bytes(false));
}

}  // namespace
}  // namespace evenkeel
