#include "evenkeel/studies/study_report.h"

#include <gtest/gtest.h>

#include "evenkeel/studies/placement.h"
#include "evenkeel/studies/speedup.h"
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

TEST(StudyReport, ASeedThatNeverReachedTheTargetGivesNoInterval) {
  const SpeedupStudy study({}, {.train = make_strokes(false, 50), .test = make_strokes(true, 10)}, {});
  StudyResult result = made_result(study, "steps_to_loss", {{300, 310, 320, 330}, {60, 61, 62, 63}});
  result.variants[0].runs[2].figures.clear();
  const Report report = study_report(study, result);
  const auto& text = std::get<Paragraph>(find_section(report, "The comparison declared beforehand")->parts.at(0)).text;
  EXPECT_SAYS(text, "In 1 of 4 runs plain did not reach");
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

TEST(StudyReport, LaysPublishedBesideMeasured) {
  const PlacementStudy study({}, data(), {});
  const Report report = study_report(study, made_result(study, "test_accuracy", {{0.5, 0.7}}));
  const Section* section = find_section(report, "Published beside measured");
  ASSERT_NE(section, nullptr);
  const auto& row = std::get<PageTable>(section->parts.at(0)).rows.at(0);
  EXPECT_EQ(row, std::vector<std::string>({"before", "test", "0.759", "0.728 to 0.748", "0.6000 ± 0.1414"}));
}

TEST(StudyReport, DrawsEachNetwork) {
  const PlacementStudy study({}, data(), {});
  const Report report = study_report(study, made_result(study, "test_accuracy", {{0.5}}));
  EXPECT_EQ(find_section(report, "The networks")->parts.size(), 3u);
}

}  // namespace
}  // namespace evenkeel
