// What studies answer changes with their numbers.
#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/studies/dropout.h"
#include "evenkeel/studies/placement.h"
#include "evenkeel/studies/speedup.h"
#include "evenkeel/studies/study_report.h"
#include "evenkeel/studies/variance_shift.h"
#include "tests/studies/study_test.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

StudyData data() { return {.train = make_strokes(false, 50), .test = make_strokes(true, 10)}; }

TEST(Answers, OfPlacementGiveEachPlacesAccuracy) {
  const PlacementStudy study({}, data(), {});
  const auto answer = [&](double before, double after, double none) {
    return study.answer(made_result(study, "test_accuracy", {{before}, {after}, {none}}));
  };
  EXPECT_SAYS(answer(0.75, 0.74, 0.72),
              "Test accuracy: normalization before the activation 0.750; normalization after the activation 0.740; "
              "without normalization 0.720.");
  EXPECT_SAYS(answer(0.1, 0.2, 0.3), "before the activation 0.100; normalization after the activation 0.200; without");
}

TEST(Answers, OfDropoutGiveAccuracyItsRepairAndTheShift) {
  const DropoutStudy study({}, data());
  const auto answer = [&](double test, double repaired, double ratio) {
    StudyResult result = made_result(study, "test_accuracy", {{test}});
    add_reestimated(result, "with_batch_norm", "test_accuracy", {repaired});
    add_figure(result, "with_batch_norm", "variance_ratio", {ratio});
    return study.answer(result);
  };
  EXPECT_EQ(
      answer(0.61, 0.62, 0.75),
      "`with_batch_norm`: test accuracy 0.610 (0.620 with re-estimated statistics), the variance at the input of a "
      "normalization 0.75 of that in training.");
  EXPECT_SAYS(answer(0.5, 0.4, 1),
              "test accuracy 0.500 (0.400 with re-estimated statistics), the variance at the input of a "
              "normalization 1.00 of that");
}

/// A result of speedup, with these accuracies on moving and on re-estimated statistics.
StudyResult evaluated(const SpeedupStudy& study, std::int64_t steps, double moving, double repaired) {
  StudyResult result = made_result(study, "test_accuracy", {{0.6}, {moving}, {moving}});
  for (const char* variant : {"batch_norm", "frozen"}) add_reestimated(result, variant, "test_accuracy", {repaired});
  for (StudyVariant& variant : result.variants) variant.runs[0].steps = steps;
  return result;
}

TEST(Answers, OfSpeedupGiveTestAccuracyWithBothStatistics) {
  const SpeedupStudy study({}, data());
  EXPECT_SAYS(study.answer(evaluated(study, 100, 0.1, 0.5)),
              "Test accuracy: `plain` 0.600, `batch_norm` 0.100 (0.500 with re-estimated statistics), `frozen` 0.100 "
              "(0.500");
  EXPECT_SAYS(study.answer(evaluated(study, 100, 0.4, 0.3)), "`batch_norm` 0.400 (0.300 with re-estimated statistics)");
}

TEST(Answers, OfSpeedupExplainTheLagByTheStepsAndSayWhetherReestimatingMendsIt) {
  const SpeedupStudy study({}, data());
  const auto explained = [&](std::int64_t steps, double moving, double repaired) {
    const Report report = study_report(study, evaluated(study, steps, moving, repaired));
    for (const Section& section : report.sections)
      if (section.title == "Never updated, and updated late")
        return std::get<Paragraph>(section.parts.at(0)).text + '\n' + std::get<Formula>(section.parts.at(1)).text;
    return std::string();
  };
  const std::string mended = explained(80, 0.1, 0.5), not_mended = explained(200, 0.5, 0.4);
  EXPECT_SAYS(mended, "after its 80 steps a share of 0.45");
  EXPECT_SAYS(mended, "0.99^80 = 0.448");
  EXPECT_SAYS(mended, "0.500 instead of 0.100 (`batch_norm`), 0.500 instead of 0.100 (`frozen`). That repairs them");
  EXPECT_SAYS(not_mended, "after its 200 steps a share of 0.13");
  EXPECT_SAYS(not_mended, "0.400 instead of 0.500 (`batch_norm`)");
  EXPECT_SAYS(not_mended, "does not repair");
}

TEST(Answers, OfVarianceShiftSayWhereTheVarianceIsNoNumber) {
  const VarianceShiftStudy study({}, data());
  const auto answer = [&](double deviation) {
    StudyResult result = made_result(study, "moving_variance", {{1}, {4}, {11}});
    add_figure(result, "dropout_batch_norm", "largest_deviation", {deviation});
    return study.answer(result);
  };
  EXPECT_SAYS(answer(0.02), "within 2.0 % of the closed form");
  EXPECT_SAYS(answer(std::nan("")), "which for some features is NaN or infinite");
}

/// The one chart whose title begins so; empty if there is none.
template <class Chart>
Chart chart_titled(const Report& report, const std::string& title) {
  for (const Section& section : report.sections)
    for (const Part& part : section.parts)
      if (const auto* chart = std::get_if<Chart>(&part); chart && chart->title.starts_with(title)) return *chart;
  return {};
}

TEST(VarianceShiftReport, DrawsTheVarianceOverKeepAndOverBeta) {
  const StudySettings settings{.sweep = StudySweep{.name = "beta", .values = {0.1, 0.5}}};
  const VarianceShiftStudy study(settings, data(), {.keeps = {0.6, 0.9}});
  StudyResult result = made_result(study, "moving_variance", {{11}, {4}, {11}, {11}, {20}, {7}, {4.1}, {6}});
  result.settings = settings;
  const Report report = study_report(study, result);
  const auto found = [&](const std::string& over) {
    return chart_titled<LineChart>(report, "Variance that the normalization learns, over " + over).curves.at(0);
  };
  EXPECT_EQ(found("the keep").traces.at(0).x, std::vector<double>({0.6, 0.9}));
  EXPECT_EQ(found("the keep").traces.at(0).y, std::vector<double>({20, 7}));
  EXPECT_EQ(found("Uout's").traces.at(0).x, std::vector<double>({0.1, 0.5}));
  EXPECT_EQ(found("Uout's").traces.at(0).y, std::vector<double>({4.1, 6}));
}

TEST(VarianceShiftReport, TellsTheScatterItMeasuredAndTheErrorOfTheMeanOverSeeds) {
  const VarianceShiftStudy study({}, data(), {.keeps = {}});
  const auto chart = [&](const std::vector<std::vector<double>>& found_by_seed) {
    StudyResult result = made_result(study, "moving_variance", {{1}, std::vector<double>(found_by_seed.size(), 4)});
    for (std::size_t seed = 0; seed < found_by_seed.size(); ++seed)
      result.variants[1].runs[seed].profiles = {{"moving_variance", {"0", "1"}, found_by_seed[seed]},
                                                {"predicted_variance", {"0", "1"}, {4, 4}}};
    return chart_titled<DotChart>(study_report(study, result), "Variance found by training");
  };
  // Means per seed of 5 % and -5 %: the deviation over the root of 2 seeds is 5.
  const DotChart two = chart({{4.2, 4.2}, {3.8, 3.8}}), one = chart({{4.4, 4}});
  EXPECT_NEAR(*two.rows.at(0).mean, 0, 1e-9);
  EXPECT_NEAR(*two.rows.at(0).error, 5, 1e-9);
  EXPECT_SAYS(two.caption, "5.8 % (`batch_norm`)");
  EXPECT_EQ(one.rows.at(0).error, std::nullopt);
  EXPECT_SAYS(one.caption, "7.1 % (`batch_norm`)");
  EXPECT_EQ(one.rows.at(0).marks.at(0), std::pair(std::string("closed form"), 0.0));
}

TEST(VarianceShiftReport, SaysWhatItsSamplesAreDrawnFrom) {
  const VarianceShiftStudy study({}, data(), {.mean = 3});
  EXPECT_SAYS(study_report(study, made_result(study, "gamma", {})).provenance.back().second,
              "10000 x 5 of N(3, standard deviation 2)");
}

}  // namespace
}  // namespace evenkeel
