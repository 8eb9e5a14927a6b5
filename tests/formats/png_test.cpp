#include "evenkeel/formats/png.h"

#include "evenkeel/formats/deflate.h"
#include "tests/formats/testing.h"
#include "tests/support/images.h"

namespace evenkeel::formats {
namespace {

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

/// make_fixtures.py's ramp with that many channels.
Tensor ramp(std::int64_t channels) {
  Tensor image({4, 5, channels}, DType::uint8);
  for (std::int64_t i = 0; i < image.shape().size(); ++i)
    image.as<std::uint8_t>()[static_cast<std::size_t>(i)] =
        static_cast<std::uint8_t>((i / channels * 4 + i % channels) * 3);
  return image;
}

std::vector<std::uint8_t> first_row(const Tensor& image) {
  return values<std::uint8_t>(Tensor::copy_of(image.view().rows(0, 1)));
}

/// The fixture with other sizes in its header, the header's crc put right.
Bytes with_sizes(const std::string& name, std::uint32_t width, std::uint32_t height) {
  Bytes bytes = read_file(fixture(name));
  constexpr std::size_t kType = 12, kWidth = 16, kHeight = 20, kCrc = 29;
  const auto put = [&](std::size_t offset, std::uint32_t value) {
    value = swapped(value);
    std::memcpy(bytes.data() + offset, &value, sizeof value);
  };
  put(kWidth, width);
  put(kHeight, height);
  put(kCrc, crc32(BytesView(bytes).subspan(kType, kCrc - kType)));
  return bytes;
}

std::string error_for(const Bytes& bytes) {
  return error_of([&] { decode_png(bytes, "cat.png"); });
}

TEST(ReadPng, ReadsEveryNumberOfChannels) {
  expect_equal(read_png(fixture("gray.png")), ramp(1));
  expect_equal(read_png(fixture("gray_alpha.png")), ramp(2));
  expect_equal(read_png(fixture("rgb.png")), ramp(3));
  expect_equal(read_png(fixture("rgba.png")), ramp(4));
}

TEST(ReadPng, ReadsAnInterlacedImageWithoutApplyingItsGamma) {
  expect_equal(read_png(fixture("interlaced.png")), ramp(1));
}

TEST(ReadPng, ExpandsAPalette) {
  EXPECT_THAT(first_row(read_png(fixture("palette.png"))),
              ElementsAre(10, 20, 30, 40, 50, 60, 70, 80, 90, 10, 20, 30, 40, 50, 60));
}

TEST(ReadPng, MakesATransparentColourAnAlphaChannel) {
  const Tensor image = read_png(fixture("palette_transparent.png"));
  EXPECT_EQ(image.shape(), Shape({4, 5, 4}));
  EXPECT_EQ(first_row(image)[3], 255);
  EXPECT_EQ(first_row(image)[7], 0);
}

TEST(ReadPng, WidensOneBit) {
  EXPECT_THAT(first_row(read_png(fixture("one_bit.png"))), ElementsAre(0, 255, 0, 255, 0));
}

TEST(ReadPng, KeepsSixteenBitsAsFloats) {
  const Tensor image = read_png(fixture("gray16.png"));
  ASSERT_EQ(image.dtype(), DType::float32);
  EXPECT_EQ(image.shape(), (Shape{4, 5, 1}));
  const Tensor made =
      decode_png(png_of({.colour = 2, .bits = 16}, 1, 1, raw_bytes({0x12, 0x34, 0, 1, 0xff, 0xff})), "x");
  EXPECT_THAT(values<float>(made), ElementsAre(0x1234, 1, 65535));
}

TEST(ReadPng, RefusesEveryTruncation) {
  for (const char* name : {"rgb.png", "palette.png", "interlaced.png"}) {
    const Bytes whole = read_file(fixture(name));
    for (std::size_t length = 0; length < whole.size(); ++length)
      EXPECT_THAT(error_for(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))),
                  StartsWith("cat.png: "));
  }
}

TEST(ReadPng, RefusesAnotherFormat) {
  EXPECT_THAT(error_for(bytes_of("\xff\xd8\xff\xe0 a jpeg")), HasSubstr("cat.png: expected a PNG image"));
}

TEST(ReadPng, RefusesDamagedPixels) {
  Bytes bytes = read_file(fixture("rgb.png"));
  bytes[45] ^= std::byte{1};
  EXPECT_THAT(error_for(bytes), HasSubstr("damaged data"));
}

TEST(ReadPng, RefusesMorePixelsThanItsLimit) {
  EXPECT_THAT(error_for(with_sizes("gray.png", 0x7fffffff, 0x7fffffff)), HasSubstr("at most 268435456 pixels"));
  EXPECT_THAT(error_for(with_sizes("gray.png", 1 << 14, (1 << 14) + 1)), HasSubstr("at most 268435456 pixels"));
}

TEST(ReadPng, RefusesSizesThatAFileOfThisLengthCannotFill) {
  EXPECT_THAT(error_for(with_sizes("gray.png", 1 << 14, 1 << 14)),
              AllOf(HasSubstr("data for 16384 x 16384 pixels"), HasSubstr("cut short")));
}

TEST(ReadPng, RefusesAnImageWithoutPixels) {
  EXPECT_THAT(error_for(with_sizes("gray.png", 0, 4)), HasSubstr("expected a PNG image"));
}

TEST(ReadPng, RefusesAnImageOfOtherSizesThanItsData) {
  EXPECT_THAT(error_for(with_sizes("gray.png", 5, 5)), HasSubstr("damaged data"));
}

TEST(WritePng, KeepsEveryNumberOfChannels) {
  const TestFolder folder;
  for (const std::int64_t channels : {1, 2, 3, 4}) {
    write_png(folder / "image.png", ramp(channels));
    expect_equal(read_png(folder / "image.png"), ramp(channels));
  }
}

TEST(WritePng, KeepsPixelsThatDoNotCompress) {
  Tensor noise({64, 64, 3}, DType::uint8);
  std::uint32_t state = 1;
  for (std::uint8_t& value : noise.as<std::uint8_t>())
    value = static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  expect_equal(decode_png(encode_png(noise), "noise"), noise);
}

TEST(WritePng, RefusesWhatIsNotAnImage) {
  for (const Tensor& tensor : {Tensor({4, 5, 3}, DType::float32).clone(), Tensor({4, 5}, DType::uint8).clone(),
                               Tensor({4, 5, 5}, DType::uint8).clone(), Tensor({0, 5, 3}, DType::uint8).clone(),
                               Tensor({4, 5, 0}, DType::uint8).clone()})
    EXPECT_THAT(error_of([&] { encode_png(tensor); }), HasSubstr("expected uint8 [height, width, 1 to 4]"));
}

}  // namespace
}  // namespace evenkeel::formats
