#include "evenkeel/studies/rounds.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/data/patches.h"
#include "evenkeel/studies/dropout.h"
#include "evenkeel/studies/speedup.h"
#include "tests/studies/study_test.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

StudyData small_data() { return {.train = make_patches(false, 60), .test = make_patches(true, 20)}; }

SpeedupStudy speedup(double target_loss = 2.2) {
  return SpeedupStudy({}, small_data(),
                      {.batch_size = 20,
                       .plain_rounds = 3,
                       .other_rounds = 2,
                       .target_loss = target_loss,
                       .dense = {16, 8},
                       .reestimate_samples = 40});
}

StudyResult run(const Study& study) {
  Watcher watcher;
  return run_study(study, {}, small_data(), one_thread(), watcher);
}

TEST(Rounds, EvaluateAfterEveryTwoEpochs) {
  const StudyResult result = run(speedup());
  const StudyRun& plain = result.variants[0].runs.at(0);
  EXPECT_EQ(plain.steps, 18);
  EXPECT_EQ(plain.find_curve("test_accuracy")->x, std::vector<double>({6, 12, 18}));
  EXPECT_EQ(plain.find_curve("training_loss")->x.size(), 18u);
  EXPECT_EQ(result.variants[1].runs.at(0).find_curve("test_accuracy")->x, std::vector<double>({6, 12}));
}

TEST(Rounds, ReestimateWhereThereIsSomethingToEstimate) {
  const StudyResult result = run(speedup());
  EXPECT_EQ(result.variants[0].runs.at(0).find_curve("reestimated_accuracy"), nullptr);
  const StudyRun& normalized = result.variants[1].runs.at(0);
  EXPECT_EQ(normalized.find_curve("reestimated_accuracy")->x, std::vector<double>({6, 12}));
  EXPECT_EQ(normalized.find_profile("statistics_gap")->layers.size(), 6u);
}

TEST(Rounds, EndWithTheFiguresOfTheLastRoundAndTheSameReestimated) {
  const StudyResult result = run(speedup());
  const StudyRun &plain = result.variants[0].runs.at(0), &normalized = result.variants[1].runs.at(0);
  EXPECT_TRUE(plain.reestimated.empty());
  for (const char* figure : {"test_accuracy", "test_loss"})
    EXPECT_EQ(*normalized.figure(figure), normalized.find_curve(figure)->y.back());
  EXPECT_EQ(normalized.reestimated.at("test_accuracy"), *normalized.figure("reestimated_accuracy"));
  EXPECT_EQ(normalized.reestimated.at("test_loss"), normalized.find_curve("reestimated_loss")->y.back());
  EXPECT_TRUE(normalized.reestimated.contains("train_accuracy"));
}

TEST(Rounds, ReestimatingDoesNotChangeWhatIsTrained) {
  const auto loss = [](std::int64_t samples) {
    const SpeedupStudy study(
        {}, small_data(),
        {.batch_size = 20, .plain_rounds = 1, .other_rounds = 2, .dense = {16, 8}, .reestimate_samples = samples});
    return run(study).variants[1].runs.at(0).find_curve("training_loss")->y;
  };
  EXPECT_EQ(loss(40), loss(0));
}

TEST(SpeedupStudy, FrozenStatisticsStayAsOnTheFirstDayAndAreRepaired) {
  const StudyResult result = run(speedup());
  const Series *frozen = result.find("frozen")->runs.at(0).find_curve("statistics_gap"),
               *lagging = result.find("batch_norm")->runs.at(0).find_curve("statistics_gap");
  EXPECT_GT(frozen->y.back(), lagging->y.back());
}

TEST(SpeedupStudy, TrainsFrozenAndUpdatedAlike) {
  // Training uses the batch's statistics: the moving ones have no part in it.
  const StudyResult result = run(speedup());
  EXPECT_EQ(result.find("frozen")->runs.at(0).find_curve("training_loss")->y,
            result.find("batch_norm")->runs.at(0).find_curve("training_loss")->y);
}

TEST(SpeedupStudy, SaysTheFirstStepAtOrBelowTheTargetAndNothingWhereItIsNotReached) {
  const auto check = [](double target) {
    const StudyResult result = run(speedup(target));
    for (const StudyVariant& variant : result.variants) {
      const Series& loss = *variant.runs.at(0).find_curve("training_loss");
      const auto first = std::ranges::find_if(loss.y, [&](double y) { return y <= target; });
      const auto figure = variant.runs.at(0).figure("steps_to_loss");
      ASSERT_EQ(figure.has_value(), first != loss.y.end());
      if (figure) {
        EXPECT_EQ(*figure, loss.x[static_cast<std::size_t>(first - loss.y.begin())]);
      }
    }
  };
  check(2.2);
  check(1e-9);
}

TEST(SpeedupStudy, ItsAnswerCountsRunsThatDidNotReachTheTarget) {
  const SpeedupStudy study = speedup();
  EXPECT_SAYS(study.answer(made_result(study, "other", {{1, 1}, {1, 1}})), "by `plain` not within 10 steps");
  StudyResult result = made_result(study, "steps_to_loss", {{7, 9}, {3, 3}});
  EXPECT_SAYS(study.answer(result), "by `plain` after 7 to 9 steps, by `batch_norm` after 3 steps");
  result.variants[0].runs[1].figures.clear();
  EXPECT_SAYS(study.answer(result), "in 1 of 2 runs after 7 steps, in the others not within 10");
}

TEST(DropoutStudy, MeasuresTheShiftOfEachNormalizationAndTellsIt) {
  const DropoutStudy study({}, small_data(),
                           {.batch_size = 20, .rounds = 1, .dense = {32, 16}, .reestimate_samples = 40});
  const StudyResult result = run(study);
  // After a dropout the variance in evaluation is smaller; with dropout after the last normalization it is the same.
  EXPECT_LT(*result.find("with_batch_norm")->runs.at(0).figure("variance_ratio"), 0.95);
  EXPECT_NEAR(*result.find("dropout_last")->runs.at(0).figure("variance_ratio"), 1, 1e-6);
  EXPECT_SAYS(study.answer(result), "`dropout_last`: test accuracy");
}

}  // namespace
}  // namespace evenkeel
