#include "evenkeel/formats/checksum.h"

#include "tests/formats/testing.h"

namespace evenkeel::formats {
namespace {

// The expected values are those of RFC 1321 and FIPS 180-2.
std::string checksum(const std::string& text, Checksum::Kind kind) {
  const TestFolder folder;
  write_file_atomically(folder / "file", text);
  return to_string(checksum_of(folder / "file", kind));
}

TEST(Checksum, IsTheMd5OfTheStandard) {
  EXPECT_EQ(checksum("abc", Checksum::Kind::md5), "md5 900150983cd24fb0d6963f7d28e17f72");
}

TEST(Checksum, IsTheSha256OfTheStandard) {
  EXPECT_EQ(checksum("abc", Checksum::Kind::sha256),
            "sha256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Checksum, ExistsForAnEmptyFile) {
  EXPECT_EQ(checksum("", Checksum::Kind::md5), "md5 d41d8cd98f00b204e9800998ecf8427e");
}

TEST(Checksum, CoversAFileOfManyPieces) {
  EXPECT_EQ(checksum(std::string(1000000, 'a'), Checksum::Kind::sha256),
            "sha256 cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Checksum, NamesAFileThatIsNotThere) {
  EXPECT_THAT(error_of([] { checksum_of("no/such", Checksum::Kind::md5); }), testing::HasSubstr("no/such"));
}

}  // namespace
}  // namespace evenkeel::formats
