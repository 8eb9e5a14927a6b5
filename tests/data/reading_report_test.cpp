#include "evenkeel/data/reading_report.h"

#include "evenkeel/data/reading_report_json.h"
#include "tests/support/testing.h"

namespace evenkeel {
namespace {

ReadingReport::Skipped skipped(const std::string& name, const std::string& reason) {
  return {name, reason, Error{{.where = name, .received = reason}}};
}

ReadingReport example() {
  return {
      .files = 12,
      .read = 9,
      .kinds = {{"RGB", 7}, {"gray", 2}},
      .sizes = {{"4 x 5", 9}},
      .converted = {{"gray to RGB", 2}},
      .turned = 1,
      .skipped = {skipped("a/1.jpg", "GIF image"), skipped("b/1.jpg", "cut short"), skipped("c/1.jpg", "GIF image")},
      .passed_over = {{"Thumbs.db", 3}},
      .empty_classes = {"dog"}};
}

TEST(ReadingReport, IsTextForPeople) {
  const std::vector<std::pair<std::string, std::string>> wanted = {
      {"images", "9 of 12 images: 7 RGB, 2 gray"},
      {"converted", "2 gray to RGB"},
      {"turned", "1 by their Exif orientation"},
      {"skipped", "2 GIF image (a/1.jpg, c/1.jpg), 1 cut short (b/1.jpg)"},
      {"passed over", "3 Thumbs.db"},
      {"no images", "of class dog"}};
  EXPECT_EQ(text_of(example()), wanted);
}

TEST(ReadingReport, IsJsonForMachines) {
  const auto json = json_of(example());
  EXPECT_EQ(json.at("files"), 12);
  EXPECT_EQ(json.at("read"), 9);
  EXPECT_EQ(json.at("kinds"), (nlohmann::ordered_json{{"RGB", 7}, {"gray", 2}}));
  EXPECT_EQ(json.at("skipped_by_reason"), (nlohmann::ordered_json{{"GIF image", 2}, {"cut short", 1}}));
  EXPECT_EQ(json.at("skipped").at(1).at("file"), "b/1.jpg");
  EXPECT_EQ(json.at("classes_without_images"), (std::vector<std::string>{"dog"}));
  EXPECT_TRUE(json.at("bits_in_use").is_null());
}

TEST(ReadingReport, NamesTheFirstOfManyFiles) {
  ReadingReport report;
  for (int i = 0; i < 30; ++i) report.skipped.push_back(skipped(std::to_string(i), "text"));
  const std::string text = text_of_skipped(report);
  EXPECT_SAYS(text, "30 text (0, 1, ");
  EXPECT_SAYS(text, "19 and 10 more)");
}

TEST(ReadingReport, SaysWhatUnusedBitsMean) {
  ReadingReport report{.bits_in_use = 12};
  EXPECT_SAYS(text_of(report).back().second, "12 of 16 bits in use: values up to 4,095, not 65,535");
  report.converted["16 bits to 8"] = 1;
  EXPECT_SAYS(text_of(report).back().second, "12 of 16 bits in use: in 8 bits they are dark");
  report.low_bits_unused = true;
  EXPECT_EQ(text_of(report).back().second, "the upper 12 of 16 bits in use");
}

TEST(ReadingReport, IsNotRemarkableWherePlainImagesWereRead) {
  EXPECT_FALSE((ReadingReport{.files = 3, .read = 3, .kinds = {{"RGB", 3}}}).is_remarkable());
  EXPECT_TRUE(example().is_remarkable());
}

}  // namespace
}  // namespace evenkeel
