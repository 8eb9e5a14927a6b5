#include "tests/app/app_test.h"

namespace evenkeel {
namespace {

class ReportCommand : public App {
 protected:
  ReportCommand() {
    train("a");
    train("b");
  }
};

TEST_F(ReportCommand, WritesAPageIntoTheFolderOfOneRun) {
  const auto result = run({"report", "a"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(read("a/report.html"), "<h1>a</h1>");
  EXPECT_SAYS(result.err, "a/report.html");
}

TEST_F(ReportCommand, WritesAPageOfSeveralRunsHere) {
  const auto result = run({"report", "a", "b"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(read("report.html"), "<h1>2 runs</h1>");
}

TEST_F(ReportCommand, PrintsTheAnswerAndTheFigures) {
  const std::string out = run({"report", "a", "b"}).out;
  EXPECT_SAYS(out, "a and b end with the same accuracy");
  EXPECT_SAYS(out, "parameters");
  EXPECT_FALSE(contains(out, "`"));
}

TEST_F(ReportCommand, PrintsJson) { EXPECT_EQ(run_json({"report", "a", "b"})["title"], "2 runs"); }

TEST_F(ReportCommand, WritesJsonAndCsvByTheFilesEnding) {
  run({"report", "a", "--out", "x.json"});
  run({"report", "a", "--out", "x.csv"});
  EXPECT_EQ(nlohmann::json::parse(read("x.json"), nullptr, false)["title"], "a");
  EXPECT_TRUE(read("x.csv").starts_with("section,chart,"));
}

TEST_F(ReportCommand, SaysNothingOnStderrWhereItIsToBeQuiet) {
  EXPECT_EQ(run({"report", "a", "nowhere", "--quiet", "--out", "x.html"}).err, "");
}

TEST_F(ReportCommand, ReportsTheGoodRunsAndNamesTheBadOne) {
  const auto result = run({"report", "a", "nowhere"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_SAYS(result.err, "nowhere: expected a run folder");
}

TEST_F(ReportCommand, RefusesAFolderThatIsNoRun) {
  EXPECT_SAYS(refusal({"report", "nowhere"}), "nowhere: expected a run folder");
}

TEST_F(ReportCommand, RefusesAnEndingThatItDoesNotKnow) {
  EXPECT_SAYS(refusal({"report", "a", "--out", "x.pdf"}), ".html, .json or .csv");
}

TEST_F(ReportCommand, TakesAStudysFolderForItsRuns) {
  std::filesystem::create_directory(folder_ / "study");
  for (const char* name : {"a", "b"}) std::filesystem::rename(folder_ / name, folder_ / "study" / name);
  write("study/study.json", "{}");
  const auto result = run({"report", "study"});
  EXPECT_EQ(result.code, 0);
  EXPECT_SAYS(result.err, "study/study.json: expected the result of a study");
  EXPECT_SAYS(read("study/report.html"), "<h1>2 runs</h1>");
}

}  // namespace
}  // namespace evenkeel
