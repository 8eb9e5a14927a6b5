#include "evenkeel/formats/idx.h"

#include "tests/formats/testing.h"

namespace evenkeel::formats {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Bytes idx(std::string_view header, std::size_t content) {
  Bytes bytes = bytes_of(header);
  bytes.resize(bytes.size() + content, std::byte{7});
  return bytes;
}

std::string error_for(const Bytes& bytes) {
  return error_of([&] { decode_idx(bytes, "labels.idx"); });
}

TEST(ReadIdx, ReadsBytesInRowMajorOrder) {
  const Tensor pixels = read_idx(fixture("pixels.idx"));
  EXPECT_EQ(pixels.shape(), Shape({2, 3, 4}));
  EXPECT_EQ(pixels.as<std::uint8_t>()[23], 23);
}

TEST(ReadIdx, ReadsTheSameFromGzip) {
  expect_equal(read_idx(fixture("pixels.idx.gz")), read_idx(fixture("pixels.idx")));
}

TEST(ReadIdx, ReadsIntegersOfFourBytesAsBigEndian) {
  EXPECT_THAT(values<std::int32_t>(read_idx(fixture("int32.idx"))), ElementsAre(1, -2, 3, 40000, -70000, 2147483647));
}

TEST(ReadIdx, ReadsDoublesAsBigEndian) {
  EXPECT_THAT(values<double>(read_idx(fixture("float64.idx"))), ElementsAre(0.5, -1e300));
}

TEST(ReadIdx, ReadsAnEmptySet) {
  EXPECT_EQ(decode_idx(idx({"\0\0\x08\x01\0\0\0\0", 8}, 0), "empty").shape(), Shape({0}));
}

TEST(ReadIdx, RefusesAHeaderThatPromisesMoreThanTheFileHolds) {
  EXPECT_THAT(error_for(idx({"\0\0\x08\x01\0\0\0\x05", 8}, 4)),
              AllOf(HasSubstr("labels.idx: expected 5 elements"), HasSubstr("received 4 bytes")));
}

TEST(ReadIdx, RefusesBytesBehindTheElements) {
  EXPECT_THAT(error_for(idx({"\0\0\x08\x01\0\0\0\x05", 8}, 6)), HasSubstr("received 6 bytes"));
}

TEST(ReadIdx, RefusesAnotherMagic) {
  EXPECT_THAT(error_for(bytes_of("\x89PNG1234")), HasSubstr("expected an idx file"));
}

TEST(ReadIdx, RefusesAnUnknownElementType) {
  EXPECT_THAT(error_for(idx({"\0\0\x07\x01\0\0\0\x01", 8}, 1)), HasSubstr("received 07"));
}

TEST(ReadIdx, RefusesAFileThatEndsInsideItsHeader) {
  for (std::size_t length = 0; length < 12; ++length)
    EXPECT_THAT(error_for(idx(std::string_view("\0\0\x08\x02\0\0\0\x01\0\0\0\x01", 12).substr(0, length), 0)),
                HasSubstr("bytes more"))
        << length;
}

TEST(ReadIdx, RefusesSizesWhoseProductOverflows) {
  EXPECT_THAT(error_for(idx({"\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16}, 0)),
              HasSubstr("elements below 2^63"));
}

TEST(ReadIdx, RefusesMoreAxesThanAShapeHas) {
  EXPECT_THAT(error_for(idx(std::string("\0\0\x08\x07", 4) + std::string(28, '\0'), 0)),
              AllOf(HasSubstr("labels.idx: "), HasSubstr("at most 6 axes")));
}

}  // namespace
}  // namespace evenkeel::formats
