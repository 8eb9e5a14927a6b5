#include "evenkeel/data/contact_sheet.h"

#include "evenkeel/data/lettering.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

/// n images of 3x4 pixels; image i is all 10 * i, its label i % 2.
Dataset images(std::int64_t n, bool labelled, std::int64_t channels = 1, std::vector<std::string> names = {}) {
  Tensor x({n, 3, 4, channels}, DType::uint8), y({labelled ? n : 0}, DType::int32);
  for (std::int64_t i = 0; i < x.shape().size(); ++i)
    x.as<std::uint8_t>()[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(10 * (i / (12 * channels)));
  for (std::int64_t i = 0; i < y.shape().size(); ++i)
    y.as<std::int32_t>()[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i % 2);
  return Dataset({.name = "images", .x = std::move(x), .y = std::move(y), .class_names = std::move(names)});
}

/// The top left pixel of a cell, first channel.
int cell(const Tensor& sheet, std::int64_t row, std::int64_t column) {
  const auto pixel = (row * 5 * sheet.shape()[1] + column * 6) * sheet.shape()[2];
  return sheet.as<std::uint8_t>()[static_cast<std::size_t>(pixel)];
}

TEST(ContactSheet, HasGapsOfTwoPixelsBetweenImages) {
  const Tensor sheet = contact_sheet(images(6, false), 3, 6);
  EXPECT_EQ(sheet.shape(), (Shape{3 + 2 + 3, 4 + 2 + 4 + 2 + 4, 1}));
  const auto pixels = sheet.as<std::uint8_t>();
  EXPECT_NE(pixels[4], pixels[3]);
  EXPECT_EQ(pixels[4], pixels[5]);
  EXPECT_EQ(pixels[6], 10);
}

TEST(ContactSheet, WithoutLabelsShowsImagesInOrder) {
  const Tensor sheet = contact_sheet(images(6, false), 3, 6);
  EXPECT_EQ(cell(sheet, 0, 2), 20);
  EXPECT_EQ(cell(sheet, 1, 0), 30);
}

TEST(ContactSheet, WithLabelsShowsAClassPerRow) {
  const std::vector<SheetRow> rows = sheet_rows(images(6, true), 3, 6);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(cell(rows[0].images, 0, 1), 20);
  EXPECT_EQ(cell(rows[1].images, 0, 2), 50);
}

TEST(ContactSheet, SaysWhichSamplesItShows) {
  const std::vector<SheetRow> rows = sheet_rows(images(7, true), 2, 4);
  EXPECT_EQ(rows[0].samples, (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(rows[1].samples, (std::vector<std::int64_t>{1, 3}));
}

TEST(ContactSheet, HasARowForEachClassWhateverTheCount) {
  const Dataset set = images(6, true, 1, {"cat", "dog", "none", "last"});
  const std::vector<SheetRow> rows = sheet_rows(set, 10, 5);
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].samples, (std::vector<std::int64_t>{0}));
  EXPECT_TRUE(rows[2].samples.empty());
  EXPECT_EQ(rows[3].label, "last");
}

TEST(ContactSheet, LeavesOutTheLastClassesWhereFewerImagesAreAskedFor) {
  EXPECT_EQ(sheet_rows(images(6, true, 1, {"cat", "dog", "none", "last"}), 10, 2).size(), 2u);
}

TEST(ContactSheet, NamesItsRowsByTheClasses) {
  EXPECT_EQ(sheet_rows(images(6, true, 1, {"cat", "dog"}), 3, 6)[1].label, "dog");
}

TEST(ContactSheet, NumbersClassesWithoutNames) { EXPECT_EQ(sheet_rows(images(6, true), 3, 6)[1].label, "1"); }

TEST(ContactSheet, WithoutLabelsHasNoNames) { EXPECT_EQ(sheet_rows(images(6, false), 3, 6)[1].label, ""); }

TEST(ContactSheet, HasTheNamesOnTheLeftOfTheImages) {
  const Tensor sheet = contact_sheet(images(6, true, 3, {"cat", "dog"}), 3, 6);
  const std::int64_t left = 3 * kLetterWidth + 4;
  ASSERT_EQ(sheet.shape(), (Shape{8 + 2 + 8, left + 16, 3}));
  Tensor wanted({8, left, 3}, DType::uint8);
  std::ranges::fill(wanted.as<std::uint8_t>(), std::uint8_t{96});
  write_text(wanted, 0, 2, "dog", 255);
  for (std::int64_t y = 0; y < 8; ++y)
    for (std::int64_t i = 0; i < left * 3; ++i)
      ASSERT_EQ(sheet.as<std::uint8_t>()[static_cast<std::size_t>((10 + y) * (left + 16) * 3 + i)],
                wanted.as<std::uint8_t>()[static_cast<std::size_t>(y * left * 3 + i)]);
}

TEST(ContactSheet, CutsNamesThatAreTooLong) {
  EXPECT_EQ(contact_sheet(images(6, true, 1, {"a", std::string(1000, 'b')}), 3, 6).shape()[1],
            24 * kLetterWidth + 4 + 16);
}

TEST(ContactSheet, ShowsNoMoreThanAskedFor) {
  const Tensor sheet = contact_sheet(images(20, false), 3, 4);
  EXPECT_EQ(sheet.shape()[0], 3 + 2 + 3);
  EXPECT_EQ(cell(sheet, 1, 1), cell(sheet, 1, 2));
}

TEST(ContactSheet, ShowsNoMoreThanThereIs) {
  EXPECT_EQ(contact_sheet(images(2, false), 1000000000, 1000000000000).shape(), (Shape{3, 4 + 2 + 4, 1}));
}

TEST(ContactSheet, KeepsColors) { EXPECT_EQ(contact_sheet(images(2, false, 3), 2, 2).shape(), (Shape{3, 10, 3})); }

TEST(ContactSheet, SpreadsFloatsOverTheGrays) {
  const Dataset set({.name = "", .x = tensor_of<float>({1, 1, 3, 1}, {-1, 0, 1}), .y = {}, .class_names = {}});
  const Tensor sheet = contact_sheet(set, 1, 1);
  const auto pixels = sheet.as<std::uint8_t>();
  EXPECT_EQ(std::vector<int>(pixels.begin(), pixels.end()), (std::vector<int>{0, 128, 255}));
}

TEST(ContactSheet, OfEqualFloatsIsBlack) {
  const Dataset set({.name = "", .x = tensor_of<float>({1, 1, 2, 1}, {7, 7}), .y = {}, .class_names = {}});
  EXPECT_EQ(contact_sheet(set, 1, 1).as<std::uint8_t>()[0], 0);
}

TEST(ContactSheet, RefusesFeatures) {
  EXPECT_SAYS(error_of([] { contact_sheet(counting_dataset(3), 1, 1); }),
              "expected images [N, H, W, 1 or 3], received [N, 1]");
}

TEST(ContactSheet, RefusesNoColumns) {
  EXPECT_SAYS(error_of([] { contact_sheet(images(3, true), 0, 10); }),
              "1 or more columns and images, received 0 and 10");
}

}  // namespace
}  // namespace evenkeel
