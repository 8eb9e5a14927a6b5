#include "tests/diagnose/causes/judged.h"

namespace evenkeel {
namespace {

/// Trained on so few samples for so long that it overfits.
std::unique_ptr<Trainer> overfitted(const Model& model, const Dataset& few) {
  auto trainer = std::make_unique<Trainer>(
      model, TrainerOptions{.optimizer = Adam{.learning_rate = 2e-3}, .batch_size = 50, .compute = {.threads = 1}});
  trainer->fit(few, {.steps = 120});
  return trainer;
}

Diagnosis diagnosed_on(Trainer& trainer, const Dataset& train, const Dataset& validation) {
  return diagnose(trainer.network(), {.data = validation, .train_data = train});
}

TEST(Overfitting, IsAWarningWhereSamplesAreKnownByHeart) {
  const Dataset few = small_data().train.range(0, 200);
  for (const Sequential& model : small_models()) {
    const auto trainer = overfitted(model, few);
    const Diagnosis diagnosis = diagnosed_on(*trainer, few, small_data().test);
    const Finding* found = finding_of(diagnosis, "overfitting");
    ASSERT_TRUE(found) << model.name();
    EXPECT_EQ(found->severity, Severity::warning) << model.name();
    EXPECT_EQ(diagnosis.cells.gap, FourCells::Gap::overfitting);
    ASSERT_TRUE(found->cost) << model.name();
    EXPECT_TRUE(found->cost->loss.above_zero_by(3)) << model.name();
    EXPECT_LT(found->cost->accuracy->value, -0.1) << model.name();
  }
}

TEST(Overfitting, IsNoWarningInAHealthyNetwork) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    for (const Finding& f : judged(overfitting, trainer->network()))
      EXPECT_EQ(f.severity, Severity::info) << model.name() << ": " << f.cause;
  }
}

constexpr double kLow = 0.05;  ///< training loss

TEST(PastItsBest, IsReadFromTheRecordOfTheRun) {
  const auto trainer = trained(small_convnet());
  const auto findings = judged(past_its_best, trainer->network(),
                               {.train_loss = kLow, .validation_loss = 0.9, .best_validation_loss = 0.4});
  ASSERT_EQ(summaries_of(findings), Summaries{"overfitting warning"});
  EXPECT_SAYS(findings[0].cause, "from 0.4 to 0.9");
}

TEST(PastItsBest, IsNotSaidOfNoise) {
  const auto trainer = trained(small_convnet());
  for (const auto& [best, last] : {std::pair{0.40, 0.44}, {0.02, 0.05}})
    EXPECT_EQ(summaries_of(judged(past_its_best, trainer->network(),
                                  {.train_loss = 0.01, .validation_loss = last, .best_validation_loss = best})),
              Summaries())
        << best << " to " << last;
}

TEST(PastItsBest, IsNotSaidWhereTheModeMakesTheDifference) {
  const auto trainer = trained(small_convnet());
  change(trainer->network(), "norm_1/moving_mean", [](auto values) {
    for (float& m : values) m += 2;
  });
  EXPECT_EQ(summaries_of(judged(past_its_best, trainer->network(),
                                {.train_loss = kLow, .validation_loss = 0.9, .best_validation_loss = 0.4})),
            Summaries());
  // Far more than the mode can explain.
  EXPECT_EQ(summaries_of(judged(past_its_best, trainer->network(),
                                {.train_loss = kLow, .validation_loss = 90, .best_validation_loss = 0.4})),
            Summaries{"overfitting warning"});
}

}  // namespace
}  // namespace evenkeel
