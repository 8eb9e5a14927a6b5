#include "evenkeel/formats/deflate.h"
#include "tests/formats/testing.h"

namespace evenkeel::formats {
namespace {

TEST(JoinedCrc32, IsThatOfBothStretches) {
  const std::string text = "What is read piece by piece has the checksum of the whole.";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto first = crc32(view_of(text.substr(0, cut))), second = crc32(view_of(text.substr(cut)));
    EXPECT_EQ(joined_crc32(first, second, text.size() - cut), crc32(view_of(text)));
  }
}

TEST(JoinedCrc32, KnowsLongStretches) {
  const Bytes zeros(1 << 20), start = bytes_of("start");
  EXPECT_EQ(joined_crc32(crc32(start), crc32(zeros), zeros.size()), crc32(zeros, crc32(start)));
}

}  // namespace
}  // namespace evenkeel::formats
