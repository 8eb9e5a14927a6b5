#include "evenkeel/report/doctor/page.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "evenkeel/report/writers/html.h"
#include "evenkeel/report/writers/page_json.h"
#include "tests/report/sample_diagnosis.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

Model model() {
  Sequential chain({4}, "net");
  chain.add(Dense{.units = 2, .name = "dense"}, BatchNormalization{.name = "norm"});
  return chain;
}

/// The page's curves of one strip, by name.
const Curve& curve_of(const Report& report, const std::string& name) {
  for (const Section& section : report.sections)
    for (const Part& part : section.parts)
      if (const auto* chart = std::get_if<LineChart>(&part))
        for (const Curve& curve : chart->curves)
          if (curve.name == name) return curve;
  throw std::runtime_error("no curve " + name);
}

constexpr const char* kHeading =
    "<h3><span class=\"badge error\">error</span> Moving statistics were never updated (<code>never-updated</code>)";

Report report_of(const Diagnosis& d) { return doctor_page(describe(d, {.model = "net.toml"}), model()); }

std::string page_of(const Diagnosis& d) { return html(report_of(d)); }

TEST(DoctorPage, HasTheVerdictTheEvidenceAndTheRemedy) {
  const std::string page = page_of(sample_diagnosis());
  EXPECT_SAYS(page, "The mode makes the difference. The moving statistics of norm are exactly 0 and 1.");
  EXPECT_SAYS(page, kHeading);
  EXPECT_SAYS(page, "1.25 nats");
  EXPECT_SAYS(page, "below 0.05");
  EXPECT_SAYS(page, "<div class=\"command\"><code>evenkeel repair net.toml --fix never-updated");
  EXPECT_SAYS(page, "not checked: none are known");
}

TEST(DoctorPage, HasTheFourCellsBeforeTheFindings) {
  const std::string page = page_of(sample_diagnosis());
  EXPECT_LT(page.find("data, evaluation mode"), page.find(kHeading));
}

TEST(DoctorPage, HasTheRemedyInKerasAndPytorchAndWhereMoreIsSaid) {
  const std::string page = page_of(sample_diagnosis());
  EXPECT_SAYS(page, "<summary>In Keras</summary>\n<pre tabindex=\"0\">for layer in model.layers:\n    if isinstance");
  EXPECT_SAYS(page, "<summary>In PyTorch</summary>\n<pre tabindex=\"0\">for m in model.modules():\n");
  EXPECT_SAYS(page, "docs/doctor/never-updated.md");
}

TEST(DoctorPage, HasAFindingsOwnRemedyInPlaceOfItsCodes) {
  Diagnosis d = sample_diagnosis();
  d.findings[0].remedy = {.advice = "Do this instead.", .keras = "own_code(16.5)"};
  const std::string page = page_of(d);
  EXPECT_SAYS(page, "Do this instead.");
  EXPECT_SAYS(page, "own_code(16.5)");
  EXPECT_SAYS(page, "torch.optim.swa_utils.update_bn(loader, model)");  // what it leaves open
  EXPECT_FALSE(contains(page, "isinstance(layer, keras.layers.BatchNormalization)"));
}

TEST(DoctorPage, TellsWhatFollowsFromAFindingInALineOfIt) {
  Diagnosis d = sample_diagnosis();
  d.findings.push_back({.code = "lagging", .layers = {"norm"}, .cause = "c", .consequence_of = "stale-statistics"});
  d.findings.push_back(
      {.code = "stale-statistics", .layers = {"norm"}, .cause = "c", .consequence_of = "never-updated"});
  const std::string page = page_of(d);
  EXPECT_SAYS(page,
              "Consequences that go away with it: lagging in norm. Consequences that go away with it: "
              "stale-statistics in norm.");
  EXPECT_FALSE(contains(page, "Moving statistics do not fit the data (<code>"));
}

TEST(DoctorPage, HasAFindingWhoseCauseIsNotThereAsOneOfItsOwn) {
  Diagnosis d = sample_diagnosis();
  d.findings[0].consequence_of = "input-mismatch";
  EXPECT_SAYS(page_of(d), kHeading);
}

TEST(DoctorPage, SaysWhereACostWasNotMeasured) {
  Diagnosis d = sample_diagnosis();
  d.findings[0].cost.reset();
  EXPECT_SAYS(page_of(d), "Cost: not measured.");
}

TEST(DoctorPage, GivesTheStandardErrorsOfTheChain) {
  EXPECT_SAYS(page_of(sample_diagnosis()), "+2 ± 0.05");
  EXPECT_SAYS(page_of(sample_diagnosis()), "+1.9 ± 0.05");
}

TEST(DoctorPage, SaysOfEveryStripWhetherItFits) {
  Diagnosis d = sample_diagnosis();
  EXPECT_SAYS(page_of(d),
              "The moving statistics do not fit the data. Named by <code>never-updated</code> (Moving statistics were "
              "never updated).");
  d.findings.clear();
  d.gaps[0].distance = 0.01;
  EXPECT_SAYS(page_of(d), "<figcaption>The moving statistics fit the data. More than");
}

TEST(DoctorPage, DrawsMovingStatisticsOnTheScaleOfTheHistogram) {
  Diagnosis d = sample_diagnosis();
  // One channel, 3 wide with epsilon: what moving statistics equal to the data's have is 2 / 3 as wide.
  d.gaps = {{.layer = "norm", .epsilon = 5, .moving = {"norm", {2}, {4}}, .data = {"norm", {2}, {4}}}};
  const Report report = report_of(d);
  const std::vector<double>& y = curve_of(report, "assumed by the moving statistics").traces[0].y;
  const auto within = [](double bins) { return std::erf(1.5 * bins / std::sqrt(2.0)); };  // of the mean
  ASSERT_EQ(y.size(), 3u);
  EXPECT_NEAR(y[1], within(0.5), 1e-12);
  EXPECT_NEAR(y[0], (within(1.5) - within(0.5)) / 2, 1e-12);
  EXPECT_NEAR(y[2], (within(1.5) - within(0.5)) / 2, 1e-12);
}

TEST(DoctorPage, SaysHowMuchLiesBeyondAStripInsteadOfDrawingIt) {
  const Report report = report_of(sample_diagnosis());
  EXPECT_EQ(curve_of(report, "evaluation mode").traces[0].y, (std::vector{0.2, 0.3, 0.1}));
  EXPECT_SAYS(html(report), "More than 1.5 deviations away: 10 % of training mode, 40 % of evaluation mode.");
}

TEST(DoctorPage, CutsOffAPeakThatWouldLeaveNoRoom) {
  Diagnosis d = sample_diagnosis();
  d.histograms[0].evaluation = {0, 0, 7.5, 0, 0};
  EXPECT_EQ(curve_of(report_of(d), "evaluation mode").traces[0].y, (std::vector<double>{0, 2, 0}));
}

TEST(DoctorPage, SaysWhatTheCommandBrings) {
  EXPECT_SAYS(page_of(sample_diagnosis()),
              "<p>Measured on the sample: loss 2.5 -&gt; 0.5 with statistics of all data.</p>");
}

TEST(DoctorPage, SaysWhatWasExcludedAndWhatCannotBeSeen) {
  Diagnosis d = sample_diagnosis();
  d.findings[0].certainty.excluded = {"another range", "another order"};
  EXPECT_SAYS(page_of(d), "Excluded: another range; another order.");
  EXPECT_FALSE(contains(page_of(d), "Cannot be seen"));
  d.findings[0].certainty.unseen = {"orientation"};
  EXPECT_SAYS(page_of(d), "Cannot be seen: orientation.");
}

std::size_t times_in(const std::string& text, const std::string& part) {
  std::size_t times = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++times;
  return times;
}

TEST(DoctorPage, SaysWhatANatIsOnceWhereTheFirstStands) {
  Diagnosis d = sample_diagnosis();
  d.findings.push_back(d.findings[0]);
  const std::string page = page_of(d);
  EXPECT_EQ(times_in(page, "A nat is"), 1u);
  EXPECT_LT(page.find("1.25 nats"), page.find("A nat is"));
  EXPECT_LT(page.find("A nat is"), page.rfind("1.25 nats"));
  d.findings.clear();  // the first is in the table of the normalizations then
  EXPECT_EQ(times_in(page_of(d), "A nat is"), 1u);
}

TEST(DoctorPage, SaysWhereNothingWasFound) {
  Diagnosis healthy = sample_diagnosis();
  healthy.findings.clear();
  EXPECT_SAYS(page_of(healthy), "Nothing found.");
  EXPECT_FALSE(contains(page_of(healthy), "exactly 0 and 1"));
}

TEST(DoctorPage, DrawsTheChainAndAStripForEveryNormalization) {
  const Report report = report_of(sample_diagnosis());
  int waterfalls = 0, strips = 0;
  for (const Section& section : report.sections)
    for (const Part& part : section.parts) {
      waterfalls += std::holds_alternative<Waterfall>(part);
      if (const auto* chart = std::get_if<LineChart>(&part)) strips += chart->curves.size() == 3;
    }
  EXPECT_EQ(waterfalls, 1);
  EXPECT_EQ(strips, 1);
}

TEST(DoctorPage, FoldsAllButTheMostDistantOfManyNormalizations) {
  Diagnosis deep = sample_diagnosis();
  for (int i = 0; i < 20; ++i) {
    deep.gaps.push_back(deep.gaps[0]);
    deep.histograms.push_back(deep.histograms[0]);
    deep.gaps.back().distance = deep.histograms.size() % 2 ? 2 : 0.001;
  }
  EXPECT_SAYS(page_of(deep), "These are the 12 most distant of 21; the others:");
  EXPECT_SAYS(page_of(deep), "<summary><code>norm</code>, distance 0.001 nats</summary>");
  EXPECT_FALSE(contains(page_of(deep), "<summary><code>norm</code>, distance 2 nats</summary>"));
}

TEST(Waterfall, IsDrawnWithoutJavaScriptAndToldAsFigures) {
  const Report report{.title = "t",
                      .question = "q",
                      .answer = "a",
                      .sections = {{"s",
                                    {Waterfall{.title = "way",
                                               .start_name = "begin",
                                               .end_name = "end",
                                               .start = 1,
                                               .steps = {{"up", 2.0, 0.25}, {"down", -0.5}}}}}}};
  const std::string page = html(report);
  EXPECT_SAYS(page, "<svg class=\"picture\"");
  EXPECT_SAYS(page, "+2 ± 0.2");
  EXPECT_SAYS(page, ">2.5<");  // where it ends
  EXPECT_FALSE(contains(page, "<script>"));
  EXPECT_SAYS(report_csv(report), "s,way,change,down,,,-0.5");
  EXPECT_SAYS(report_json(report), "\"type\": \"waterfall\"");
}

TEST(Waterfall, BreaksBarsAndAxisWhereTheAxisBeginsElsewhere) {
  const auto page = [](double start) {
    const Waterfall chart{.title = "way", .start_name = "a", .end_name = "b", .start = start, .steps = {{"up", 1.0}}};
    return html({.title = "t", .question = "q", .answer = "a", .sections = {{"s", {chart}}}});
  };
  EXPECT_FALSE(contains(page(0.2), "class=\"break\""));
  EXPECT_FALSE(contains(page(2), "class=\"break\""));    // from zero: the step is a third of the whole
  EXPECT_EQ(times_in(page(20), "class=\"break\""), 3u);  // both bars and the axis
}

TEST(Waterfall, BeginsItsBarsAtZeroWhereOneEndIsBelow) {
  const Waterfall chart{.title = "way", .start_name = "a", .end_name = "b", .start = 1, .steps = {{"down", -2.0}}};
  const std::string page = html({.title = "t", .question = "q", .answer = "a", .sections = {{"s", {chart}}}});
  // The axis is from -1.08 to 1.08: the first bar is its right half, the last one its left half without the room.
  EXPECT_SAYS(page, "<rect class=\"bar c0\" x=\"50.00%\"");
  EXPECT_SAYS(page, "<rect class=\"bar c0\" x=\"3.70%\"");
  EXPECT_FALSE(contains(page, "class=\"break\""));
}

}  // namespace
}  // namespace evenkeel
