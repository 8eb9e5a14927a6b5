#include "evenkeel/report/writers/html.h"

#include <gmock/gmock.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "evenkeel/base/text.h"
#include "evenkeel/report/page/markup.h"
#include "tests/report/sample_report.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

/// What the page's script knows of its line charts.
nlohmann::json plots_in(const std::string& page) {
  const std::string before = "id=\"plots\">";
  const std::size_t begin = page.find(before) + before.size();
  return nlohmann::json::parse(page.substr(begin, page.find("</script>", begin) - begin));
}

/// All that the first group of the pattern matches in the page.
std::vector<std::string> all_of(const std::string& page, const std::string& pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator match(page.begin(), page.end(), regex), end; match != end; ++match)
    found.push_back((*match)[1]);
  return found;
}

Report with(Part part) {
  return {.title = "t", .question = "q", .answer = "a", .sections = {{"s", {std::move(part)}}}};
}

TEST(Markup, EscapesWhatHtmlMeansOtherwise) {
  EXPECT_EQ(escaped("<a href=\"x\">&"), "&lt;a href=&quot;x&quot;&gt;&amp;");
}

TEST(Markup, MakesCodeOfWhatStandsBetweenBackquotes) {
  EXPECT_EQ(marked_up("use `a<b` or `"), "use <code>a&lt;b</code> or `");
}

TEST(Markup, WritesNumbersForPeople) {
  EXPECT_EQ(readable(0.974), "0.974");
  EXPECT_EQ(readable(1e-7), "10⁻⁷");
  EXPECT_EQ(readable(-2.5e-7), "-2.5·10⁻⁷");
  EXPECT_EQ(readable(12345678), "12345678");
  EXPECT_EQ(with_commas(1234567), "1,234,567");
}

TEST(Html, HasAllTextsOfTheReport) {
  const std::string page = html(sample_report());
  for (const char* text :
       {"<h1>depth</h1>", "Does a network of 19 convolutions", "<code>plain</code> ends at 0.105", "Scaled down",
        "Gradients of a &lt;deep&gt; network &amp; its layers.", "Var[y] = (c² + v) / keep − c²", "<dt>command</dt>",
        "evenkeel study depth --seeds 3", "The line is the mean over seeds"})
    EXPECT_SAYS(page, text);
}

TEST(Html, EscapesTextsFromOutside) {
  Report report = with(LineChart{.title = "<t>",
                                 .x_label = "<x>",
                                 .y_label = "<y>",
                                 .curves = {{.name = "</script><script>alert(1)"}},
                                 .caption = "<c>"});
  report.title = report.question = report.answer = "<img src=x>";
  const std::string page = html(report);
  EXPECT_EQ(page.find("<img"), page.npos);
  EXPECT_EQ(page.find("<script>alert"), page.npos);
  EXPECT_EQ(plots_in(page)[0]["curves"][0]["name"], "</script><script>alert(1)");
}

TEST(Html, AsksNothingOfTheNetwork) {
  const std::string page = html(sample_report());
  EXPECT_SAYS(page,
              "content=\"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\"");
  const std::regex outside("(src|href)=\"(?!#|data:)");
  EXPECT_FALSE(std::regex_search(page, outside));
}

TEST(Html, HasAPictureOfEachChart) {
  const std::string page = html(sample_report());
  EXPECT_EQ(all_of(page, "<svg class=\"(picture)\"").size(), 4u);
  EXPECT_EQ(all_of(page, "<figure class=\"(lines)\"").size(), plots_in(page).size());
}

TEST(Html, IsSmall) { EXPECT_LT(html(sample_report()).size(), 120'000u); }

TEST(Html, HasHeadsOfRowsAndColumnsInTables) {
  const std::string page = html(sample_report());
  EXPECT_SAYS(page, "<th scope=\"col\">variant</th><th scope=\"col\" class=\"number\">seeds</th>");
  EXPECT_SAYS(page, "<th scope=\"row\"><code>batch_norm</code></th><td class=\"number\">3</td>");
}

TEST(Html, HasABadgeBeforeATitle) {
  EXPECT_SAYS(html(sample_report()), "<h3><span class=\"badge warning\">warning</span> Results</h3>");
}

TEST(Html, HasCommandsAsTheyAreTyped) {
  EXPECT_SAYS(html(sample_report()),
              "<div class=\"command\"><code>evenkeel study depth --sweep 'depth=5,19'</code></div>");
}

TEST(Html, HasTheScriptThatCopiesWhereThereIsACommand) {
  EXPECT_SAYS(html(with(CommandLine{"c"})), "clipboard");
  EXPECT_FALSE(contains(html(with(CommandLine{"c"})), "id=\"plots\""));
}

TEST(Html, GivesOneNameOneColourInAllCharts) {
  const std::string page = html(sample_report());
  const auto curves = plots_in(page)[0]["curves"];
  const auto dots = all_of(page, "class=\"dot c(.)\"[^>]*><title>batch_norm,");
  EXPECT_THAT(dots, testing::Each(curves[1]["colour"].dump()));
  EXPECT_EQ(dots.size(), 3u);
  EXPECT_NE(curves[0]["colour"], curves[1]["colour"]);
}

TEST(Html, GivesCurvesOfAGroupOneColour) {
  const auto curves = plots_in(html(sample_report()))[1]["curves"];
  EXPECT_EQ(curves[0]["colour"], curves[1]["colour"]);
  EXPECT_TRUE(curves[1]["dashed"]);
}

TEST(Html, TellsMoreNamesApartThanThereAreColours) {
  LineChart chart{.title = "t", .x_label = "x", .y_label = "y"};
  for (int i = 0; i < 20; ++i) chart.curves.push_back(falling_curve("run " + std::to_string(i), 1, 3, 0.1));
  const auto looks = all_of(html(with(chart)), "(<use[^>]*>)</use></svg>run");
  EXPECT_EQ(std::set(looks.begin(), looks.end()).size(), 20u);
}

TEST(Html, WritesNullForWhatIsNoNumber) {
  const auto curve = plots_in(html(sample_report()))[0]["curves"][0];
  EXPECT_TRUE(curve["y"][0][200].is_null());
}

TEST(Html, RoundsNumbersToSixDigits) {
  LineChart chart{.title = "t",
                  .x_label = "x",
                  .y_label = "y",
                  .curves = {{.name = "c", .traces = {{.x = {123456789}, .y = {1.0 / 3}}}}}};
  const auto curve = plots_in(html(with(chart)))[0]["curves"][0];
  EXPECT_EQ(curve["x"][0], 123456789);
  EXPECT_EQ(curve["y"][0][0], 0.333333);
}

TEST(Html, DrawsChartsWithoutAnyNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  LineChart lines{.title = "t",
                  .x_label = "x",
                  .y_label = "y",
                  .curves = {{.name = "c", .traces = {{.x = {0, nan}, .y = {nan, 1}}}}, {.name = "d"}},
                  .levels = {{.value = nan, .label = "none"}}};
  DotChart dots{.title = "t", .x_label = "x", .rows = {{.name = "r", .dots = {{"seed 0", nan}}, .mean = nan}}};
  Report report = with(lines);
  report.sections[0].parts.emplace_back(dots);
  const std::string page = html(report);
  EXPECT_EQ(page.find("nan,"), page.npos);
  EXPECT_EQ(page.find("=\"nan"), page.npos);
}

TEST(Html, NeedsNoScriptWithoutCharts) { EXPECT_EQ(html(with(Paragraph{"text"})).find("<script"), std::string::npos); }

/// Ten runs of 10,000 points, in five charts.
Report large_report() {
  Report report{.title = "large", .question = "q", .answer = "a"};
  for (int c = 0; c < 5; ++c) {
    LineChart chart{.title = "t", .x_label = "x", .y_label = "y"};
    for (int run = 0; run < 10; ++run)
      chart.curves.push_back(falling_curve("run " + std::to_string(run), 1, 10'000, 0.1));
    report.sections.push_back({"s", {chart}});
  }
  return report;
}

TEST(Html, OfTenRunsOfTenThousandPointsStaysSmall) { EXPECT_LT(html(large_report()).size(), 1'500'000u); }

#ifdef NDEBUG  // what is promised holds for optimized builds
// Processor time: other processes do not count.
TEST(Html, OfTenRunsOfTenThousandPointsIsMadeInLessThanASecond) {
  const Report report = large_report();
  const std::clock_t begin = std::clock();
  html(report);
  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 1.0);
}
#endif

}  // namespace
}  // namespace evenkeel
