#include "evenkeel/report/charts/time_picture.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/testing.h"

namespace evenkeel {
namespace {

TimePicture picture_of(std::size_t bars) {
  TimePicture picture{.title = "W1", .subtitle = "two threads", .bars = {}};
  for (std::size_t i = 0; i < bars; ++i)
    picture.bars.push_back({.name = "op" + std::to_string(i) + ";", .ms = static_cast<double>(i + 1), .share = 0.5});
  return picture;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(TimePicture, NeedsNothingBesideIt) {
  const std::string svg = svg_file({picture_of(3)});
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_FALSE(contains(svg, "href"));
}

TEST(TimePicture, DrawsTheLongestBarFirst) {
  const std::string svg = svg_file({picture_of(3)});
  EXPECT_LT(svg.find("op2;"), svg.find("op0;"));
}

TEST(TimePicture, DrawsTheShortestBarsAsOne) {
  const std::string svg = svg_file({picture_of(kDrawnBars + 5)});
  EXPECT_SAYS(svg, "5 others");
  EXPECT_FALSE(contains(svg, "op4;"));
}

TEST(TimePicture, HasAPanelForEachOfSeveral) {
  EXPECT_EQ(count_of(svg_file({picture_of(1), picture_of(1)}), "W1"), 2u);
}

TEST(TimePicture, EscapesNames) {
  TimePicture picture = picture_of(1);
  picture.bars[0].name = "<&>";
  EXPECT_SAYS(svg_file({picture}), "&lt;&amp;&gt;");
}

TEST(TimePicture, FillsAtMostTheWholeBar) {
  TimePicture picture = picture_of(1);
  picture.bars[0].share = 3;
  EXPECT_EQ(count_of(svg_file({picture}), "width=\"400.0\""), 2u);
}

}  // namespace
}  // namespace evenkeel
