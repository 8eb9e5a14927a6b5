#include "evenkeel/formats/crc32c.h"

#include <functional>

#include "tests/formats/testing.h"

namespace evenkeel::formats {
namespace {

Bytes thirty_two(const std::function<int(int)>& at) {
  Bytes bytes;
  for (int i = 0; i < 32; ++i) bytes.push_back(static_cast<std::byte>(at(i)));
  return bytes;
}

Bytes varied(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t state = 1;
  for (std::byte& byte : bytes) byte = static_cast<std::byte>((state = state * 1664525u + 1013904223u) >> 24);
  return bytes;
}

TEST(Crc32c, IsThatOfThePublishedVectors) {  // RFC 3720, B.4
  EXPECT_EQ(crc32c(thirty_two([](int) { return 0; })), 0x8a9136aau);
  EXPECT_EQ(crc32c(thirty_two([](int) { return 0xff; })), 0x62a8ab43u);
  EXPECT_EQ(crc32c(thirty_two([](int i) { return i; })), 0x46dd794eu);
  EXPECT_EQ(crc32c(thirty_two([](int i) { return 31 - i; })), 0x113fdb5cu);
}

TEST(Crc32c, IsTheCheckValueOfTheDigits) { EXPECT_EQ(crc32c(view_of("123456789")), 0xe3069283u); }

TEST(Crc32c, IsZeroForNothing) { EXPECT_EQ(crc32c({}), 0u); }

TEST(Crc32c, FromATableIsThatOfThePublishedVectors) {
  EXPECT_EQ(crc32c_by_table(thirty_two([](int i) { return i; })), 0x46dd794eu);
  EXPECT_EQ(crc32c_by_table(view_of("123456789")), 0xe3069283u);
}

TEST(Crc32c, EqualsTheTablesAtEverySizeAroundAStretch) {
  const Bytes bytes = varied(100'000);
  for (const std::size_t size : {1, 7, 8, 9, 4096, 12287, 12288, 12289, 24576, 24583, 99'999, 100'000})
    EXPECT_EQ(crc32c(BytesView(bytes).first(size)), crc32c_by_table(BytesView(bytes).first(size))) << size;
}

TEST(Crc32c, DoesNotDependOnAlignment) {
  const Bytes bytes = varied(20'000);
  for (std::size_t begin = 0; begin < 8; ++begin)
    EXPECT_EQ(crc32c(BytesView(bytes).subspan(begin)), crc32c_by_table(BytesView(bytes).subspan(begin))) << begin;
}

TEST(Crc32c, GoesOnFromTheBytesBefore) {
  const Bytes bytes = varied(30'000);
  for (const std::size_t cut : {0, 1, 5, 12'288, 29'999, 30'000})
    EXPECT_EQ(crc32c(BytesView(bytes).subspan(cut), crc32c(BytesView(bytes).first(cut))), crc32c(bytes)) << cut;
}

}  // namespace
}  // namespace evenkeel::formats
