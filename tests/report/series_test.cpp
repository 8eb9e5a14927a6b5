#include "evenkeel/report/charts/series.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/report/sample_report.h"

namespace evenkeel {
namespace {

using testing::ElementsAre;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

DrawnSeries drawn(std::vector<Trace> traces, SeriesOptions options = {}) {
  return series_of({.name = "curve", .traces = std::move(traces)}, options);
}

TEST(Series, HasTheMeanAndTheEndsOfItsTraces) {
  const DrawnSeries series = drawn({{.x = {0, 1}, .y = {1, 5}}, {.x = {0, 1}, .y = {3, 6}}});
  EXPECT_THAT(series.mean, ElementsAre(2, 5.5));
  EXPECT_THAT(series.low, ElementsAre(1, 5));
  EXPECT_THAT(series.high, ElementsAre(3, 6));
}

TEST(Series, InterpolatesATraceBetweenItsOwnPointsOnly) {
  const DrawnSeries series = drawn({{.x = {0, 4}, .y = {0, 8}}, {.x = {1, 2}, .y = {7, 7}}});
  EXPECT_THAT(series.x, ElementsAre(0, 1, 2, 4));
  EXPECT_THAT(series.traces[0], ElementsAre(0, 2, 4, 8));
  EXPECT_THAT(series.traces[1], ElementsAre(testing::IsNan(), 7, 7, testing::IsNan()));
  EXPECT_THAT(series.mean, ElementsAre(0, 4.5, 5.5, 8));
}

TEST(Series, DoesNotInterpolateOverAGap) {
  const DrawnSeries series = drawn({{.x = {0, 2, 4}, .y = {0, kNan, 8}}, {.x = {1}, .y = {7}}});
  EXPECT_TRUE(std::isnan(series.traces[0][1]));
}

TEST(Series, SortsPointsByX) { EXPECT_THAT(drawn({{.x = {2, 0, 1}, .y = {20, 0, 10}}}).mean, ElementsAre(0, 10, 20)); }

TEST(Series, LeavesOutWhatALogAxisCannotShow) {
  const DrawnSeries series = drawn({{.x = {0, 1, 10}, .y = {1, -1, 10}}}, {.log_x = true, .log_y = true});
  EXPECT_THAT(series.x, ElementsAre(1, 10));
  EXPECT_THAT(series.mean, ElementsAre(testing::IsNan(), 10));
}

TEST(Series, TakesInfinitiesForGaps) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(drawn({{.x = {0, 1}, .y = {infinity, 1}}}).high, ElementsAre(testing::IsNan(), 1));
}

TEST(Series, OfManyPointsHasFew) {
  const DrawnSeries series = drawn({falling_trace(0, 10'000, 0.1)}, {.buckets = 100});
  EXPECT_LE(series.size(), 202u);
  EXPECT_GE(series.size(), 150u);
}

TEST(Series, OfManyPointsKeepsThePeaks) {
  std::vector<Trace> traces = {falling_trace(0, 10'000, 0.1), falling_trace(1, 10'000, 0.1)};
  traces[1].y[5'003] = 40;
  traces[0].y[7'001] = -40;
  const DrawnSeries series = drawn(std::move(traces), {.buckets = 100});
  EXPECT_EQ(std::ranges::max(series.high), 40);
  EXPECT_EQ(std::ranges::min(series.low), -40);
}

TEST(Series, OfManyPointsKeepsTheEndsAndTheGaps) {
  Trace trace = falling_trace(0, 10'000, 0.1);
  for (std::size_t i = 4'000; i < 4'500; ++i) trace.y[i] = kNan;
  const DrawnSeries series = drawn({trace}, {.buckets = 100});
  EXPECT_EQ(series.x.front(), 0);
  EXPECT_EQ(series.x.back(), 9'999);
  EXPECT_GE(std::ranges::count_if(series.mean, [](double y) { return std::isnan(y); }), 5);
}

TEST(Series, OfNothingIsEmpty) {
  EXPECT_EQ(drawn({}).size(), 0u);
  EXPECT_EQ(drawn({{}}).size(), 0u);
}

}  // namespace
}  // namespace evenkeel
