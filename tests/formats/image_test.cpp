#include "evenkeel/formats/image.h"

#include "evenkeel/formats/jpeg.h"
#include "evenkeel/formats/png.h"
#include "tests/formats/testing.h"
#include "tests/support/images.h"

namespace evenkeel::formats {
namespace {

using testing::HasSubstr;

TEST(ReadImage, ReadsPngAndJpeg) {
  expect_equal(read_image(fixture("rgb.png")), read_png(fixture("rgb.png")));
  expect_equal(read_image(fixture("rgb.jpg")), read_jpeg(fixture("rgb.jpg")));
}

TEST(ReadImage, GoesByTheBytesWhateverTheName) {
  const TestFolder folder;
  write_file_atomically(folder / "image.png", read_file(fixture("gray.jpg")));
  EXPECT_EQ(read_image(folder / "image.png").shape(), (Shape{13, 19, 1}));
}

TEST(ReadImage, RefusesAnotherFormatByName) {
  EXPECT_THAT(error_of([] { decode_image(bytes_of("GIF89a"), "cat.gif"); }),
              HasSubstr("cat.gif: expected a PNG or JPEG image, received a GIF image"));
}

TEST(ReadImage, RefusesAnEmptyFile) {
  EXPECT_THAT(error_of([] { decode_image({}, "cat.png"); }), HasSubstr("received an empty file"));
}

TEST(WhyNoImage, CountsInFewWords) {
  EXPECT_EQ(why_no_image(bytes_of("GIF89a")), "GIF image");
  EXPECT_EQ(why_no_image({}), "empty file");
  EXPECT_EQ(why_no_image(read_file(fixture("cmyk.jpg"))), "CMYK JPEG");
  EXPECT_EQ(why_no_image(with_jpeg_depth(read_file(fixture("rgb.jpg")), 12)), "12-bit JPEG");
  const Bytes whole = read_file(fixture("rgb.jpg"));
  EXPECT_EQ(why_no_image(BytesView(whole).first(whole.size() / 2)), "cut short");
  Bytes damaged = read_file(fixture("rgb.png"));
  damaged[45] ^= std::byte{1};
  EXPECT_EQ(why_no_image(damaged), "damaged");
}

}  // namespace
}  // namespace evenkeel::formats
