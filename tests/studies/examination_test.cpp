#include "evenkeel/studies/examination.h"

#include <gtest/gtest.h>

#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/measure/reestimate.h"
#include "evenkeel/studies/artifacts.h"
#include "evenkeel/studies/measure.h"
#include "evenkeel/studies/placement.h"
#include "evenkeel/studies/speedup.h"
#include "evenkeel/studies/study_report.h"
#include "tests/studies/study_test.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

StudyData data() { return {.train = make_strokes(false, 1000), .test = make_strokes(true, 100)}; }

/// A trained network of placement, with normalizations of this momentum.
class Examination : public testing::Test {
 protected:
  Examination() : data_(data()), training_{.data = &data_.train, .epochs = 3} {
    training_.figures = [this](Trainer& trainer) {
      return evaluate_all(trainer, {{.what = "test", .data = data_.test}});
    };
  }

  std::unique_ptr<Trainer> trained(double momentum) {
    Sequential model({28, 28, 1});
    model.add(Rescaling{.scale = 1.0 / 255}, Conv2D{.filters = 4, .kernel_size = 3, .strides = 2},
              BatchNormalization{.momentum = momentum}, Activation{relu}, Flatten{}, Dense{.units = 10});
    training_.trainer = {.optimizer = Adam{.learning_rate = 1e-3}, .batch_size = 50, .compute = {.threads = 1}};
    auto trainer = std::make_unique<Trainer>(model, training_.trainer);
    trainer->fit(data_.train, {.epochs = training_.epochs});
    return trainer;
  }

  StudyRun examined(Trainer& trainer) {
    StudyRun run;
    examine(training_, trainer, run, watcher_);
    return run;
  }

  std::string said() const { return join(watcher_.lines, "\n"); }

  StudyData data_;
  StudyTraining training_;
  Watcher watcher_;
};

TEST_F(Examination, FindsThatStatisticsLagAndMeasuresWithReestimatedOnes) {
  const auto trainer = trained(0.99);
  const StudyRun run = examined(*trainer);
  ASSERT_EQ(run.findings.size(), 1u);
  EXPECT_EQ(run.findings[0].code, "lagging");
  EXPECT_EQ(run.findings[0].layers, std::vector<std::string>({"batch_normalization"}));
  EXPECT_SAYS(said(), "doctor: lagging (");
  EXPECT_SAYS(said(), "with re-estimated statistics: test accuracy");
  reestimate_statistics(trainer->network(), data_.train);
  const Metrics repaired = trainer->evaluate(data_.test).metrics;
  EXPECT_EQ(run.reestimated, (Figures{{"test_accuracy", *repaired.accuracy}, {"test_loss", repaired.loss}}));
}

TEST_F(Examination, MeasuresOnceWhereTheStatisticsFit) {
  const StudyRun run = examined(*trained(0.5));
  EXPECT_TRUE(run.findings.empty());
  EXPECT_TRUE(run.reestimated.empty());
  EXPECT_EQ(run.figures.size(), 2u);
}

TEST_F(Examination, MeasuresTwiceAllTheSameWhereTheStudyWantsBoth) {
  training_.always_reestimates = true;
  EXPECT_FALSE(examined(*trained(0.5)).reestimated.empty());
}

TEST_F(Examination, LeavesTheNetworkAsItWas) {
  const auto trainer = trained(0.99);
  const auto before = moving_statistics(trainer->network());
  const double loss = trainer->evaluate(data_.test).metrics.loss;
  examined(*trainer);
  EXPECT_EQ(moving_statistics(trainer->network()), before);
  EXPECT_EQ(trainer->evaluate(data_.test).metrics.loss, loss);
}

/// The report on a result of placement in which the doctor finds `code` in `before`.
Report report_on(const std::string& code, Severity severity = Severity::error) {
  const PlacementStudy study({}, {.train = make_strokes(false, 50), .test = make_strokes(true, 10)}, {});
  StudyResult result = made_result(study, "test_accuracy", {{0.48, 0.47, 0.46, 0.49}, {0.65, 0.66, 0.64, 0.65}});
  add_reestimated(result, "before", "test_accuracy", {0.65, 0.66, 0.64, 0.65});
  add_finding(result, "before", code, severity);
  return study_report(study, result);
}

TEST(Artifacts, AreNotCompared) {
  const Report report = report_on("lagging");
  EXPECT_SAYS(report.answer, "before the activation 0.475 ± 0.013 (0.650 ± 0.008 with re-estimated statistics)");
  EXPECT_SAYS(report.answer, "The doctor finds `lagging` in `before`: the cause of lagging.");
  EXPECT_SAYS(report.answer, "in test accuracy with re-estimated statistics");
  EXPECT_FALSE(contains(report.answer, "they differ"));
}

TEST(Artifacts, AreOnlyWhatMattersAndIsAboutStatistics) {
  for (const Report& report : {report_on("lagging", Severity::info), report_on("dead-channels")}) {
    EXPECT_FALSE(contains(report.answer, "doctor"));
    EXPECT_SAYS(report.answer, "`after` has the higher test accuracy, by");
  }
}

TEST(Artifacts, AreNoneWhereTheStudyIsAboutThem) {
  const SpeedupStudy speedup({}, {.train = make_strokes(false, 50), .test = make_strokes(true, 10)});
  StudyResult result = made_result(speedup, "test_accuracy", {{0.6}, {0.1}, {0.1}});
  add_finding(result, "batch_norm", "lagging");
  add_finding(result, "frozen", "never-updated");
  EXPECT_FALSE(contains(study_report(speedup, result).answer, "doctor"));
}

TEST(Artifacts, StandInATableOfFindings) {
  const Report report = report_on("lagging", Severity::warning);
  const auto section =
      std::ranges::find(report.sections, "What the doctor finds in the trained networks", &Section::title);
  ASSERT_NE(section, report.sections.end());
  const PageTable table = std::get<PageTable>(section->parts.at(0));
  ASSERT_EQ(table.rows.size(), 4u);
  EXPECT_EQ(table.rows[1], std::vector<std::string>({"before", "1", "lagging", "warning", "the cause of lagging"}));
}

TEST(Reestimated, FiguresHaveARowBelowTheirVariant) {
  const Report report = report_on("lagging");
  for (const Section& section : report.sections)
    for (const Part& part : section.parts)
      if (const auto* table = std::get_if<PageTable>(&part); table && table->title == "The variants") {
        EXPECT_EQ(table->rows.at(0).at(2), "0.4750 ± 0.0129");
        EXPECT_EQ(table->rows.at(1), std::vector<std::string>({"before, re-estimated", "", "0.6500 ± 0.0082"}));
        EXPECT_EQ(table->rows.at(2).at(0), "after");
        return;
      }
  FAIL() << "no table of variants";
}

}  // namespace
}  // namespace evenkeel
