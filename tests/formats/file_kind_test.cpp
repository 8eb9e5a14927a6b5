#include "evenkeel/formats/file_kind.h"

#include "tests/formats/testing.h"

namespace evenkeel::formats {
namespace {

std::string kind_of_text(std::string_view text) { return kind_of_file(view_of(text)); }

TEST(KindOfFile, IsThatOfAnImageByItsFirstBytes) {
  using namespace std::string_view_literals;
  EXPECT_EQ(kind_of_text("GIF87a and more"), "GIF image");
  EXPECT_EQ(kind_of_text("RIFF\x10\0\0\0WEBPVP8 "sv), "WebP image");
  EXPECT_EQ(kind_of_text("II*\0"sv), "TIFF image");
  EXPECT_EQ(kind_of_text("MM\0*"sv), "TIFF image");
  EXPECT_EQ(kind_of_text("\0\0\0 ftypheic"sv), "HEIC image");
  EXPECT_EQ(kind_of_text("\0\0\0 ftypavif"sv), "AVIF image");
  EXPECT_EQ(kind_of_text("P6 2 2 255 "), "Netpbm image");
  EXPECT_EQ(kind_of_file(read_file(fixture("rgb.png"))), "PNG image");
  EXPECT_EQ(kind_of_file(read_file(fixture("rgb.jpg"))), "JPEG image");
}

TEST(KindOfFile, IsBmpWhereTheHeaderFollows) {
  std::string bmp = "BM......" + std::string(6, '\0') + '\x28' + std::string(20, '\0');
  EXPECT_EQ(kind_of_text(bmp), "BMP image");
  EXPECT_EQ(kind_of_text("BMW sells cars and more"), "text");
}

TEST(KindOfFile, IsThatOfAPageOrText) {
  EXPECT_EQ(kind_of_text("  <!DOCTYPE html><body>"), "HTML page");
  EXPECT_EQ(kind_of_text("<HTML>"), "HTML page");
  EXPECT_EQ(kind_of_text("<?xml version=\"1.0\"?><svg>"), "SVG drawing");
  EXPECT_EQ(kind_of_text("<?xml version=\"1.0\"?><annotation>"), "XML file");
  EXPECT_EQ(kind_of_text("cats and d\xc3\xb6gs\n"), "text");
  EXPECT_EQ(kind_of_text("version https://git-lfs.github.com/spec/v1"), "Git LFS pointer");
}

TEST(KindOfFile, IsSaidOfNothingZerosAndWhatNobodyKnows) {
  EXPECT_EQ(kind_of_file({}), "empty file");
  EXPECT_EQ(kind_of_text(std::string(100, '\0')), "file of zeros");
  EXPECT_EQ(kind_of_text("\x01\x02\x03"), "unknown bytes");
}

TEST(WithArticle, SpeaksAsPeopleDo) {
  EXPECT_EQ(with_article("GIF image"), "a GIF image");
  EXPECT_EQ(with_article("empty file"), "an empty file");
  EXPECT_EQ(with_article("HTML page"), "an HTML page");
  EXPECT_EQ(with_article("text"), "text");
}

}  // namespace
}  // namespace evenkeel::formats
