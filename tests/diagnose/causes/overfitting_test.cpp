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

TEST(Overfitting, IsPossibleAndSaysWhatWasExcludedAndWhatCannotBeSeen) {
  const Dataset few = small_data().train.range(0, 200);
  const auto trainer = overfitted(small_mlp(), few);
  const Diagnosis d = diagnosed_on(*trainer, few, small_data().test);
  const Certainty& certainty = finding_of(d, "overfitting")->certainty;
  EXPECT_EQ(certainty.level, Confidence::possible);
  EXPECT_GE(certainty.excluded.size(), 4U);
  EXPECT_GE(certainty.unseen.size(), 2U);
  EXPECT_SAYS(d.cells.verdict, "Possibly");
}

TEST(Overfitting, IsNotSaidOfDataWithOtherSharesOfTheClasses) {
  for (const Sequential& model : small_models()) {
    const auto trainer = trained(model);
    Evidence evidence(trainer->network(), {.data = small_data().train});
    const SampleScores& scores = evidence.evaluation();
    std::vector<double> sums(10), counts(10);
    for (std::size_t i = 0; i < scores.loss.size(); ++i) {
      sums[static_cast<std::size_t>(evidence.guessing().classes[i])] += scores.loss[i];
      ++counts[static_cast<std::size_t>(evidence.guessing().classes[i])];
    }
    std::vector<std::size_t> order(10);
    for (std::size_t c = 0; c < 10; ++c) order[c] = c;
    std::ranges::sort(order, {}, [&](std::size_t c) { return -sums[c] / counts[c]; });
    // The two classes that are hardest already in training.
    std::vector<std::uint32_t> rows;
    const auto labels = small_data().test.y().as<std::int32_t>();
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (std::ranges::count(order.begin(), order.begin() + 2, static_cast<std::size_t>(labels[i])) > 0)
        rows.push_back(static_cast<std::uint32_t>(i));
    const Diagnosis d = diagnosed_on(*trainer, small_data().train, selected(small_data().test, rows, "hard classes"));
    EXPECT_FALSE(finding_of(d, "overfitting")) << told(d);
    EXPECT_NE(d.cells.gap, FourCells::Gap::overfitting) << d.cells.verdict;
    EXPECT_EQ(alarms(d), 0) << told(d);
  }
}

constexpr double kLow = 0.05;  ///< training loss

TEST(PastItsBest, IsNotSaidOfALossThatNeverWasBetterThanGuessing) {
  const auto trainer = trained(small_convnet());
  EXPECT_EQ(summaries_of(judged(past_its_best, trainer->network(),
                                {.train_loss = kLow, .validation_loss = 5.3, .best_validation_loss = 4.2})),
            Summaries());
}

TEST(PastItsBest, IsReadFromTheRecordOfTheRun) {
  const auto trainer = trained(small_convnet());
  const auto findings = judged(past_its_best, trainer->network(),
                               {.train_loss = kLow, .validation_loss = 0.9, .best_validation_loss = 0.4});
  ASSERT_EQ(summaries_of(findings), Summaries{"overfitting warning"});
  EXPECT_EQ(findings[0].certainty.level, Confidence::likely);
  EXPECT_SAYS(findings[0].cause, "from 0.4 to 0.9");
}

TEST(PastItsBest, DoesNotCompareATrainingLossThatWeighsClasses) {
  const auto trainer = trained(small_convnet());
  const auto findings = judged(past_its_best, trainer->network(),
                               {.class_weight = std::vector<double>(10, 30.0),
                                .train_loss = 30 * kLow,
                                .validation_loss = 0.9,
                                .best_validation_loss = 0.4});
  EXPECT_EQ(summaries_of(findings), Summaries{"overfitting warning"});
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
