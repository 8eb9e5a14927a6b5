#include "evenkeel/formats/jpeg.h"

#include <cstdlib>

#include "tests/formats/testing.h"
#include "tests/support/images.h"

namespace evenkeel::formats {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// The largest difference from make_fixtures.py's slopes.
int distance_from_slopes(const Tensor& image) {
  const std::int64_t channels = image.shape()[2];
  int most = 0;
  for (int y = 0; y < 13; ++y)
    for (int x = 0; x < 19; ++x) {
      const int slopes[] = {40 + 8 * x, 220 - 12 * y, 60 + 4 * x + 4 * y};
      for (std::int64_t c = 0; c < channels; ++c) {
        const int value = image.as<std::uint8_t>()[static_cast<std::size_t>((y * 19 + x) * channels + c)];
        most = std::max(most, std::abs(value - slopes[c]));
      }
    }
  return most;
}

std::string error_for(const Bytes& bytes) {
  return error_of([&] { decode_jpeg(bytes, "cat.jpg"); });
}

/// The place of the marker's first byte.
std::size_t find_marker(const Bytes& bytes, std::uint8_t marker) {
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i)
    if (bytes[i] == std::byte{0xff} && bytes[i + 1] == std::byte{marker}) return i;
  ADD_FAILURE() << "no such marker";
  return 0;
}

/// The fixture with other sizes in its header.
Bytes with_sizes(const std::string& name, std::uint16_t width, std::uint16_t height) {
  Bytes bytes = read_file(fixture(name));
  constexpr std::uint8_t kStartOfFrame = 0xc0;
  const std::size_t frame = find_marker(bytes, kStartOfFrame);
  const std::uint16_t sizes[] = {swapped(height), swapped(width)};
  std::memcpy(bytes.data() + frame + 5, sizes, sizeof sizes);
  return bytes;
}

TEST(ReadJpeg, GivesGrayOneChannel) {
  const Tensor image = read_jpeg(fixture("gray.jpg"));
  ASSERT_EQ(image.shape(), (Shape{13, 19, 1}));
  EXPECT_LE(distance_from_slopes(image), 2);
}

TEST(ReadJpeg, GivesColourThreeChannels) {
  const Tensor image = read_jpeg(fixture("rgb.jpg"));
  ASSERT_EQ(image.shape(), (Shape{13, 19, 3}));
  EXPECT_LE(distance_from_slopes(image), 6);
}

TEST(ReadJpeg, ReadsAProgressiveImage) {
  expect_equal(read_jpeg(fixture("progressive.jpg")), read_jpeg(fixture("rgb.jpg")));
}

TEST(ReadJpeg, RefusesCmyk) {
  EXPECT_THAT(error_for(read_file(fixture("cmyk.jpg"))), HasSubstr("expected a gray or an RGB image, received a JPEG"));
}

TEST(ReadJpeg, RefusesTwelveBitsByTheirNumber) {
  EXPECT_THAT(error_for(with_jpeg_depth(read_file(fixture("rgb.jpg")), 12)),
              HasSubstr("expected a JPEG of 8 bits, received one of 12"));
}

TEST(ReadJpeg, SaysThatAFileIsCutShort) {
  const Bytes whole = read_file(fixture("rgb.jpg"));
  EXPECT_THAT(error_for(Bytes(whole.begin(), whole.end() - 40)), HasSubstr("received a file cut short"));
}

TEST(ReadJpeg, RefusesEveryTruncation) {
  for (const char* name : {"gray.jpg", "rgb.jpg", "progressive.jpg"}) {
    const Bytes whole = read_file(fixture(name));
    for (std::size_t length = 0; length < whole.size(); ++length)
      EXPECT_THAT(error_for(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))),
                  StartsWith("cat.jpg: "))
          << name << " cut to " << length;
  }
}

TEST(ReadJpeg, RefusesPixelsThatAreMissingInTheMiddle) {
  Bytes bytes = read_file(fixture("gray.jpg"));
  constexpr std::uint8_t kStartOfScan = 0xda;
  const auto pixels = bytes.begin() + static_cast<std::ptrdiff_t>(find_marker(bytes, kStartOfScan)) + 20;
  bytes.erase(pixels, bytes.end() - 2);
  EXPECT_THAT(error_for(bytes), HasSubstr("damaged data (Corrupt JPEG data"));
}

TEST(ReadJpeg, PassesOverBytesBetweenItsParts) {
  Bytes bytes = read_file(fixture("gray.jpg"));
  const Tensor image = decode_jpeg(bytes, "x");
  bytes.insert(bytes.end() - 2, std::byte{7});
  expect_equal(decode_jpeg(bytes, "x"), image);
}

TEST(ReadJpeg, RefusesAnotherFormat) {
  EXPECT_THAT(error_for(read_file(fixture("rgb.png"))), HasSubstr("cat.jpg: expected a JPEG image"));
}

TEST(ReadJpeg, RefusesMorePixelsThanItsLimit) {
  EXPECT_THAT(error_for(with_sizes("gray.jpg", 65000, 65000)), HasSubstr("at most 268435456 pixels"));
}

TEST(ReadJpeg, RefusesSizesThatAFileOfThisLengthCannotFill) {
  EXPECT_THAT(error_for(with_sizes("gray.jpg", 16384, 16384)), HasSubstr("data for 16384 x 16384 pixels"));
}

TEST(ReadJpeg, RefusesAnImageWithoutPixels) {
  EXPECT_THAT(error_for(with_sizes("gray.jpg", 0, 13)), HasSubstr("expected a JPEG image"));
}

}  // namespace
}  // namespace evenkeel::formats
