#include "evenkeel/formats/image.h"

#include "evenkeel/formats/jpeg.h"
#include "evenkeel/formats/png.h"
#include "tests/formats/testing.h"

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
              HasSubstr("cat.gif: expected a PNG or JPEG image"));
}

TEST(ReadImage, RefusesAnEmptyFile) {
  EXPECT_THAT(error_of([] { decode_image({}, "cat.png"); }), HasSubstr("received an empty file"));
}

}  // namespace
}  // namespace evenkeel::formats
