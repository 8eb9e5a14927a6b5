#include "evenkeel/studies/study_report.h"

#include <gtest/gtest.h>

#include <cmath>

#include "evenkeel/studies/dropout.h"
#include "evenkeel/studies/placement.h"
#include "evenkeel/studies/speedup.h"
#include "evenkeel/studies/variance_shift.h"
#include "tests/studies/study_test.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

StudyData data() { return {.train = make_strokes(false, 50), .test = make_strokes(true, 10)}; }

const Section* find_section(const Report& report, const std::string& title) {
  for (const Section& section : report.sections)
    if (section.title == title) return &section;
  return nullptr;
}

template <class T>
std::vector<T> parts_of(const Report& report, const std::string& section) {
  std::vector<T> found;
  if (const Section* s = find_section(report, section))
    for (const Part& part : s->parts)
      if (const T* one = std::get_if<T>(&part)) found.push_back(*one);
  return found;
}

std::string notes_text(const Report& report) {
  std::string notes;
  for (const std::string& note : report.notes) notes += note + '\n';
  return notes;
}

StudySettings swept(const std::string& key, std::vector<double> values) {
  return {.sweep = StudySweep{.name = key, .values = std::move(values)}};
}

/// A report on a sweep of this study's learning rate.
template <class S>
Report sweep_report(const std::string& figure, const std::vector<std::vector<double>>& values) {
  const StudySettings settings = swept("learning_rate", {0.001, 0.01});
  const S study(settings, data(), {});
  StudyResult result = made_result(study, figure, values);
  result.settings = settings;
  return study_report(study, result);
}

std::string comparison(const std::vector<std::vector<double>>& values) {
  const PlacementStudy study({}, data(), {});
  const Report report = study_report(study, made_result(study, "test_accuracy", values));
  const Section* section = find_section(report, "The comparison declared beforehand");
  return section ? std::get<Paragraph>(section->parts.at(0)).text : "";
}

TEST(StudyReport, TheVerdictFollowsTheNumbers) {
  const std::string differs = comparison({{0.70, 0.701, 0.699, 0.70, 0.70}, {0.75, 0.751, 0.749, 0.75, 0.75}});
  const std::string equal = comparison({{0.70, 0.701, 0.699, 0.70, 0.70}, {0.70, 0.699, 0.701, 0.70, 0.70}});
  const std::string open = comparison({{0.70, 0.75, 0.65, 0.72, 0.68}, {0.71, 0.76, 0.66, 0.70, 0.69}});
  EXPECT_SAYS(differs, "`after` has the higher test accuracy, by 0.050");
  EXPECT_SAYS(equal, "are equal in test accuracy within the margin");
  EXPECT_SAYS(open, "Undecided: in test accuracy");
}

TEST(StudyReport, ClaimsNothingFromThreeSeedsOrFewer) {
  for (const std::size_t n : {1u, 2u, 3u}) {
    const std::vector<double> low(n, 0.5), high(n, 0.9);
    EXPECT_SAYS(comparison({low, high}), "no claim");
  }
}

TEST(StudyReport, TheAnswerEndsWithTheVerdict) {
  const PlacementStudy study({}, data(), {});
  const auto answer = [&](const std::vector<double>& after) {
    return study_report(study, made_result(study, "test_accuracy", {{0.70, 0.701, 0.699, 0.70}, after})).answer;
  };
  EXPECT_SAYS(answer({0.75, 0.751, 0.749, 0.75}), "`after` has the higher test accuracy");
  EXPECT_SAYS(answer({0.70, 0.701, 0.699, 0.70}), "are equal in test accuracy");
  EXPECT_SAYS(answer({0.70}), "1 seed: no claim");
}

/// Steps to the loss, of which some runs never got there.
StudyResult censored(const SpeedupStudy& study, std::size_t plain_lost, std::size_t normalized_lost) {
  StudyResult result = made_result(study, "steps_to_loss", {{390, 380, 370, 360}, {60, 61, 62, 63}});
  for (std::size_t i = 0; i < plain_lost; ++i) result.variants[0].runs[3 - i].figures.clear();
  for (std::size_t i = 0; i < normalized_lost; ++i) result.variants[1].runs[3 - i].figures.clear();
  return result;
}

TEST(StudyReport, SeedsThatNeverReachedTheTargetGiveNoInterval) {
  const SpeedupStudy study({}, data(), {});
  const auto text = [&](std::size_t plain, std::size_t normalized) {
    return parts_of<Paragraph>(study_report(study, censored(study, plain, normalized)),
                               "The comparison declared beforehand")
        .at(0)
        .text;
  };
  EXPECT_SAYS(text(1, 0), "not reached by `plain` in 1 of 4 runs of 10 steps. `plain`: 370 to 390 (3 of 4;");
  EXPECT_SAYS(text(4, 2), "by `plain` in 4 of 4 runs of 10 steps and by `batch_norm` in 2 of 4 runs of 10 steps");
  EXPECT_SAYS(text(4, 2), "`plain`: never. `batch_norm`: 60 to 61 (2 of 4; others > 10).");
  EXPECT_SAYS(text(0, 0), "they differ");
}

TEST(StudyReport, GivesNoMeanOfTheRunsThatGotThere) {
  const SpeedupStudy study({}, data(), {});
  const StudyResult result = censored(study, 3, 0);
  const Report report = study_report(study, result);
  const PageTable summary = parts_of<PageTable>(report, "Result").at(0);
  EXPECT_EQ(summary.rows.at(0).at(2), "390 (1 of 4; others > 10)");
  EXPECT_EQ(summary.rows.at(1).at(2), "62 ± 1");
  EXPECT_EQ(parts_of<PageTable>(report, "Published and measured").at(0).rows.at(0).at(4), summary.rows[0][2]);
  const DotChart chart = parts_of<DotChart>(report, "Result").at(0);
  EXPECT_EQ(chart.rows.at(0).mean, std::nullopt);
  EXPECT_EQ(chart.rows.at(0).dots.size(), 1u);
  EXPECT_EQ(chart.rows.at(1).mean, 61.5);
}

TEST(StudyReport, ASweepHasAGapWhereNotEveryRunGotThere) {
  const StudySettings settings = swept("learning_rate", {0.001, 0.01});
  const SpeedupStudy study(settings, data(), {});
  StudyResult result = made_result(study, "steps_to_loss", {{390, 380}, {60, 61}, {60, 61}, {90, 91}});
  result.settings = settings;
  result.variants[0].runs[1].figures.clear();
  const LineChart chart = sweep_chart(result, "", {"steps_to_loss", "steps"});
  ASSERT_EQ(chart.curves.at(0).name, "plain");
  for (const Trace& trace : chart.curves[0].traces) {
    EXPECT_TRUE(std::isnan(trace.y.at(0)));
    EXPECT_GE(trace.y.at(1), 90);
  }
}

TEST(StudyReport, NamesWhatIsNoNumberAndTellsNone) {
  const PlacementStudy study({}, data(), {});
  const double nan = std::nan("");
  const Report report = study_report(study, made_result(study, "test_loss", {{nan, nan}, {0.5, nan}, {0.5, 0.7}}));
  EXPECT_SAYS(notes_text(report), "`before`, seed 0: NaN or infinite: test loss.\n");
  EXPECT_SAYS(notes_text(report), "`after`, seed 1: NaN or infinite: test loss.\n");
  EXPECT_FALSE(contains(notes_text(report), "`none`"));
  const auto rows = parts_of<PageTable>(report, "Result").at(0).rows;
  EXPECT_EQ(rows.at(0).at(2), "–");
  EXPECT_EQ(rows.at(1).at(2), "0.5000 (1 of 2)");
  EXPECT_EQ(rows.at(2).at(2), "0.6000 ± 0.1414");
  const PageTable every_run = parts_of<PageTable>(report, "Every run").at(0);
  for (const auto& row : every_run.rows) EXPECT_FALSE(contains(row.at(2), "nan"));
}

TEST(StudyReport, SaysOfOneSeedThatItClaimsNothing) {
  const PlacementStudy study({}, data(), {});
  const auto notes = [&](const std::vector<double>& values) {
    return notes_text(study_report(study, made_result(study, "test_accuracy", {values, values, values})));
  };
  EXPECT_SAYS(notes({0.7}), "One seed");
  EXPECT_FALSE(contains(notes({0.7, 0.8}), "One seed"));
}

TEST(StudyReport, HasAnAnswerBeforeAnyRunIsComplete) {
  const PlacementStudy study({}, data(), {});
  EXPECT_TRUE(study_report(study, made_result(study, "test_accuracy", {})).answer.starts_with("No run is complete."));
}

TEST(StudyReport, NamesWhatIsMissing) {
  const PlacementStudy study({}, data(), {});
  const Report report = study_report(study, made_result(study, "test_accuracy", {{0.7, 0.7}, {0.6}}));
  std::string notes;
  for (const std::string& note : report.notes) notes += note + '\n';
  EXPECT_SAYS(notes, "No complete run: none.");
  EXPECT_SAYS(notes, "after: 1 of 2 seeds.");
}

TEST(StudyReport, SaysThatItIsQuickAndWhatWasScaled) {
  const PlacementStudy study({.quick = true}, data());
  StudyResult result = made_result(study, "test_accuracy", {{0.7}});
  result.settings.quick = true;
  EXPECT_SAYS(study_report(study, result).notes.at(0), PlacementStudy::about().quick);
}

/// The notes on a study with these settings.
template <class S>
std::string notes_with(const StudySettings& settings) {
  const S study(settings, data());
  StudyResult result = made_result(study, "test_accuracy", {{0.7}});
  result.settings = settings;
  return notes_text(study_report(study, result));
}

TEST(StudyReport, SaysHowManyRoundsInsteadOfHowMany) {
  EXPECT_SAYS(notes_with<SpeedupStudy>({.quick = true}), "10 rounds instead of 20 without normalization.");
  EXPECT_SAYS(notes_with<SpeedupStudy>({.quick = true, .rounds = 1}),
              "1 round instead of 20 without normalization, 1 round instead of 5 with it.");
  EXPECT_SAYS(notes_with<SpeedupStudy>({.rounds = 5}),
              "Not the whole study: 5 rounds instead of 20 without normalization.");
  EXPECT_SAYS(notes_with<DropoutStudy>({.quick = true}), "; 3 rounds instead of 30.");
  EXPECT_SAYS(notes_with<DropoutStudy>({.rounds = 2}), "Not the whole study: 2 rounds instead of 30.");
  for (const std::string& notes :
       {notes_with<SpeedupStudy>({}), notes_with<DropoutStudy>({}), notes_with<DropoutStudy>({.rounds = 30})})
    EXPECT_FALSE(contains(notes, "instead")) << notes;
}

TEST(StudyReport, LaysPublishedBesideMeasured) {
  const PlacementStudy study({}, data(), {});
  const Report report = study_report(study, made_result(study, "test_accuracy", {{0.5, 0.7}}));
  const auto row = parts_of<PageTable>(report, "Published and measured").at(0).rows.at(0);
  EXPECT_EQ(row, std::vector<std::string>({"before", "test", "0.759", "0.728 to 0.748", "0.6000 ± 0.1414"}));
}

/// Whether what is published stands in the report: in its table, in the dots' marks.
template <class S>
bool tells_published(const StudySettings& settings, const std::string& data_name) {
  const S study(settings, data());
  StudyResult result = made_result(study, "test_accuracy", {{0.5}, {0.5}, {0.5}});
  result.settings = settings;
  result.data = data_name;
  const Report report = study_report(study, result);
  const bool in_table = find_section(report, "Published and measured");
  for (const DotChart& chart : parts_of<DotChart>(report, "Result"))
    for (const auto& row : chart.rows) EXPECT_TRUE(in_table || row.marks.empty());
  return in_table;
}

TEST(StudyReport, TellsWhatWasPublishedOnlyOfTheSameStudyOnTheSameData) {
  EXPECT_TRUE(tells_published<PlacementStudy>({}, "cifar10:train"));
  EXPECT_FALSE(tells_published<PlacementStudy>({}, "patches:train"));
  EXPECT_FALSE(tells_published<PlacementStudy>({}, "cifar100:train"));
  EXPECT_FALSE(tells_published<PlacementStudy>({.quick = true}, "cifar10:train"));
  EXPECT_TRUE(tells_published<SpeedupStudy>({}, "cifar10:train"));
  EXPECT_FALSE(tells_published<SpeedupStudy>({.rounds = 2}, "cifar10:train"));
  EXPECT_TRUE(tells_published<DropoutStudy>({.rounds = 30}, "cifar10:train"));
}

TEST(StudyReport, SaysThatOtherDataAreNotThoseThatWerePublishedOn) {
  const PlacementStudy study({}, data(), {});
  StudyResult result = made_result(study, "test_accuracy", {{0.5}});
  EXPECT_FALSE(contains(notes_text(study_report(study, result)), "Run on"));
  result.data = "patches:train";
  EXPECT_SAYS(notes_text(study_report(study, result)),
              "Run on patches:train: the published figures were measured on cifar10");
}

TEST(StudyReport, ComparesSamplesThatTheStudyDrawsWhateverElseItRunsOn) {
  const VarianceShiftStudy study({.quick = true}, data());
  StudyResult result = made_result(study, "moving_variance", {{11}, {4}, {11}});
  result.settings.quick = true;
  result.data = "patches:train";
  EXPECT_NE(find_section(study_report(study, result), "Published and measured"), nullptr);
}

TEST(StudyReport, DrawsEachNetwork) {
  const PlacementStudy study({}, data(), {});
  const Report report = study_report(study, made_result(study, "test_accuracy", {{0.5}}));
  EXPECT_EQ(find_section(report, "The networks")->parts.size(), 3u);
}

TEST(StudyReport, OfASweepHasNetworksDotsAndAVerdictPerValue) {
  const std::vector<double> low = {0.70, 0.701, 0.699, 0.70}, high = {0.75, 0.751, 0.749, 0.75};
  const Report report = sweep_report<PlacementStudy>("test_accuracy", {low, high, low, high, low, low});
  EXPECT_EQ(parts_of<Diagram>(report, "The networks").size(), 3u);
  EXPECT_EQ(parts_of<DotChart>(report, "Result").at(0).rows.size(), 6u);
  const auto verdicts = parts_of<Paragraph>(report, "The comparison declared beforehand");
  EXPECT_SAYS(verdicts.at(0).text, "`after@learning_rate=0.001` has the higher test accuracy");
  EXPECT_SAYS(verdicts.at(1).text, "`before@learning_rate=0.01` has the higher test accuracy");
  EXPECT_FALSE(contains(report.answer, "higher"));
  EXPECT_SAYS(report.answer, "normalization before the activation at learning_rate 0.001 0.700 ± 0.001");
  EXPECT_SAYS(report.answer, "without normalization at learning_rate 0.001 0.700 ± 0.001");
}

TEST(StudyReport, OfASweepOfSpeedupExplainsItsEvaluationToo) {
  const Report report = sweep_report<SpeedupStudy>("test_accuracy", {{0.6}, {0.1}, {0.1}});
  EXPECT_FALSE(parts_of<Formula>(report, "Never updated, and updated late").empty());
}

TEST(StudyReport, PutsEachLayerOfAProfileAtItsName) {
  const PlacementStudy study({}, data(), {});
  StudyResult result = made_result(study, "test_accuracy", {{0.5}, {0.5}, {0.5}});
  const auto give = [&](std::size_t variant, std::vector<std::string> layers, std::vector<double> values) {
    result.variants[variant].runs[0].profiles = {{"norm", std::move(layers), std::move(values)}};
  };
  give(0, {"conv", "dense"}, {1, 9});
  give(1, {"conv", "conv_1", "conv_2", "dense"}, {1, 2, 3, 9});
  give(2, {"other", "dense"}, {0, 9});
  const LineChart chart = profile_chart(result, "", "", "norm");
  EXPECT_EQ(chart.x_names, std::vector<std::string>({"other", "conv", "conv_1", "conv_2", "dense"}));
  EXPECT_EQ(chart.curves.at(0).traces.at(0).x, std::vector<double>({1, 4}));
  EXPECT_EQ(chart.curves.at(1).traces.at(0).x, std::vector<double>({1, 2, 3, 4}));
  EXPECT_EQ(chart.curves.at(2).traces.at(0).x, std::vector<double>({0, 4}));
  EXPECT_EQ(chart.curves.at(2).traces.at(0).y, std::vector<double>({0, 9}));
}

}  // namespace
}  // namespace evenkeel
