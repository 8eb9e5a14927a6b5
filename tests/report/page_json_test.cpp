#include "evenkeel/report/writers/page_json.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "evenkeel/nn/model_file.h"
#include "tests/report/sample_report.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

nlohmann::json sample() { return nlohmann::json::parse(report_json(sample_report())); }

TEST(ReportJson, HasEverythingOfTheReport) {
  const auto json = sample();
  EXPECT_EQ(json["title"], "depth");
  EXPECT_EQ(json["notes"].size(), 2u);
  EXPECT_EQ(json["sections"][0]["title"], "What was found");
  std::string types;
  for (const auto& section : json["sections"])
    for (const auto& part : section["parts"]) types += part["type"].get<std::string>() + ' ';
  EXPECT_EQ(types,
            "dot_chart table line_chart line_chart paragraph formula line_chart command listing diagram diagram ");
  EXPECT_EQ(json["provenance"][0]["value"], "evenkeel study depth --seeds 3");
}

TEST(ReportJson, HasAllPointsAtFullPrecision) {
  const Report report = sample_report();
  const Trace& trace = std::get<LineChart>(report.sections[0].parts[2]).curves[1].traces[2];
  const auto json = sample()["sections"][0]["parts"][2]["curves"][1]["traces"][2];
  EXPECT_EQ(json["label"], "seed 2");
  EXPECT_EQ(json["x"].get<std::vector<double>>(), trace.x);
  EXPECT_EQ(json["y"].get<std::vector<double>>(), trace.y);
}

TEST(ReportJson, WritesNullForWhatIsNoNumber) {
  EXPECT_TRUE(sample()["sections"][0]["parts"][2]["curves"][0]["traces"][0]["y"][200].is_null());
}

TEST(ReportJson, HasAModelAsItsFile) {
  const std::string toml = sample()["sections"][2]["parts"][1]["model"];
  EXPECT_EQ(parse_model_file(toml, "json").model.layers(), residual_model().layers());
}

TEST(ReportCsv, HasALineForEachPoint) {
  const std::string csv = report_csv(sample_report());
  EXPECT_TRUE(csv.starts_with("section,chart,kind,series,trace,x,y\n"));
  EXPECT_SAYS(csv, "\nWhat was found,Accuracy,curve,\"batch_norm, test\",seed 0,200,0.92\n");
  EXPECT_SAYS(csv, "\nWhat was found,Loss while training,level,published: 0.2,,,0.2\n");
  EXPECT_SAYS(csv, "\nWhat was found,\"Final test accuracy, every seed\",dot,batch_norm,seed 1,,0.971\n");
  EXPECT_SAYS(csv, ",mark,batch_norm,published,,0.98\n");
  EXPECT_SAYS(csv, ",range_high,batch_norm,,,0.99\n");
  // Six traces of 400, two of 4 (twice), five marks and dots with their means and range.
  EXPECT_EQ(std::ranges::count(csv, '\n'), 1 + 6 * 400 + 4 * 4 + 2 + 3 + 1 + 3 + 2 + 2 + 2);
}

TEST(ReportCsv, LeavesACellEmptyWhereThereIsNoNumber) {
  EXPECT_SAYS(report_csv(sample_report()), ",curve,plain,seed 0,200,\n");
}

TEST(ReportCsv, QuotesWhatHasCommasAndQuotes) {
  Report report{.title = "t", .question = "", .answer = ""};
  report.sections.push_back(
      {"a \"b\", c", {LineChart{.title = "t", .x_label = "", .y_label = "", .curves = {falling_curve("c", 1, 1, 0)}}}});
  EXPECT_SAYS(report_csv(report), "\n\"a \"\"b\"\", c\",t,curve,c,seed 0,0,");
}

}  // namespace
}  // namespace evenkeel
