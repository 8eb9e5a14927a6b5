#include "evenkeel/formats/image_header.h"

#include <iomanip>

#include "evenkeel/formats/jpeg.h"
#include "tests/formats/testing.h"
#include "tests/support/images.h"

namespace evenkeel::formats {
namespace {

std::string kind_of_fixture(const std::string& name) {
  return kind_of_image(image_header(image_fixture(name)).value());
}

TEST(ImageHeader, SaysTheKindOfColour) {
  EXPECT_EQ(kind_of_fixture("gray.png"), "gray");
  EXPECT_EQ(kind_of_fixture("gray_alpha.png"), "gray + alpha");
  EXPECT_EQ(kind_of_fixture("rgb.png"), "RGB");
  EXPECT_EQ(kind_of_fixture("rgba.png"), "RGB + alpha");
  EXPECT_EQ(kind_of_fixture("palette.png"), "palette");
  EXPECT_EQ(kind_of_fixture("palette_transparent.png"), "palette + alpha");
  EXPECT_EQ(kind_of_fixture("one_bit.png"), "1-bit gray");
  EXPECT_EQ(kind_of_fixture("gray16.png"), "16-bit gray");
  EXPECT_EQ(kind_of_fixture("gray.jpg"), "gray");
  EXPECT_EQ(kind_of_fixture("progressive.jpg"), "RGB");
  EXPECT_EQ(kind_of_fixture("cmyk.jpg"), "CMYK");
}

TEST(ImageHeader, SaysTheSizeAsStored) {
  for (const char* name : {"rgb.jpg", "progressive.jpg", "gray.jpg"}) {
    const auto header = image_header(image_fixture(name));
    EXPECT_EQ(std::pair(header->height, header->width), std::pair(std::int64_t{13}, std::int64_t{19}));
  }
  const auto header = image_header(image_fixture("rgb.png"));
  EXPECT_EQ(std::pair(header->height, header->width), std::pair(std::int64_t{4}, std::int64_t{5}));
}

TEST(ImageHeader, HasTheOrientationOfExif) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(image_header(with_exif(image_fixture("rgb.jpg"), orientation))->orientation, orientation);
    for (const bool little : {true, false}) {
      const Bytes png = png_of({.chunks = png_chunk("eXIf", exif_block(orientation, little))}, 1, 1, raw_bytes({7}));
      EXPECT_EQ(image_header(png)->orientation, orientation);
    }
  }
}

TEST(ImageHeader, TakesNoOrientationThatIsNone) {
  for (const int wrong : {0, 9, 255})
    EXPECT_EQ(image_header(with_exif(image_fixture("rgb.jpg"), wrong))->orientation, 1);
  const Bytes whole = exif_block(6), cut(whole.begin(), whole.begin() + 15);
  EXPECT_EQ(image_header(png_of({.chunks = png_chunk("eXIf", cut)}, 1, 1, raw_bytes({7})))->orientation, 1);
}

TEST(ImageHeader, IsNotThereForOtherFilesAndWhereItIsCutOff) {
  EXPECT_FALSE(image_header(view_of("GIF89a")));
  EXPECT_FALSE(image_header(view_of("\xff\xd8\xff")));
  EXPECT_FALSE(image_header(BytesView(image_fixture("rgb.png")).first(20)));
}

/// What libjpeg reads, image_reading.cpp expects to have a header.
TEST(ImageHeader, IsThereWhereAJpegHasBytesBetweenItsParts) {
  const Bytes whole = image_fixture("rgb.jpg");
  const BytesView start = BytesView(whole).first(2), rest = BytesView(whole).subspan(2);
  using namespace std::string_view_literals;
  for (const std::string_view between :
       {"odd"sv, "\xff\x00"sv, "\xff\xff\xff"sv, "\xff\x01"sv, "\xff\xd3"sv, "\xff\xe5\0\1"sv}) {
    const Bytes bytes = joined({start, view_of(between), rest});
    const Tensor image = decode_jpeg(bytes, "x");
    const auto header = image_header(bytes);
    ASSERT_TRUE(header) << std::quoted(between);
    EXPECT_EQ(header->width, image.shape()[1]);
    EXPECT_FALSE(is_cut_short(bytes));
  }
}

TEST(IsCutShort, IsTrueOfEveryTruncation) {
  for (const char* name : {"gray.jpg", "progressive.jpg", "rgb.png"}) {
    const Bytes whole = image_fixture(name);
    EXPECT_FALSE(is_cut_short(whole));
    for (std::size_t length = 8; length < whole.size(); ++length)
      EXPECT_TRUE(is_cut_short(BytesView(whole).first(length))) << name << " cut to " << length;
  }
}

}  // namespace
}  // namespace evenkeel::formats
