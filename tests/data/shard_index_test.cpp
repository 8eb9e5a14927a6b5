#include "evenkeel/data/shard_index.h"

#include "tests/data/shard_helpers.h"

namespace evenkeel {
namespace {

using testing::HasSubstr;

ShardIndex small_index() {
  return {.class_names = {"cat", "dog"},
          .per_class = {2, 1},
          .channels = {{1.5, 2.25}},
          .sizes = {{"4 x 5", 3}},
          .shards = {{.file = "a.tar", .bytes = 4096, .samples = {{512, 100, 0, 7}, {1024, 512, 1, 0}}},
                     {.file = "b.tar", .bytes = 2048, .samples = {{512, 1, 0, 0xffffffffu}}}}};
}

class ShardIndexFile : public testing::Test {
 protected:
  ShardIndex read_back(const std::string& text) const {
    put_file(folder_ / "index.json", text);
    return read_shard_index(folder_ / "index.json");
  }
  /// What is said of the small index with other text in place of some.
  std::string refusal(const std::string& from, const std::string& to) const {
    std::string text = text_of(small_index());
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from << " in " << text;
    text.replace(at, from.size(), to);
    return error_of([&] { read_back(text); });
  }

  TestFolder folder_;
};

TEST_F(ShardIndexFile, ComesBackAsItWas) { EXPECT_EQ(read_back(text_of(small_index())), small_index()); }

TEST_F(ShardIndexFile, NamesWhatIsWrong) {
  EXPECT_THAT(refusal("evenkeel shards", "other"), HasSubstr("index.json: expected JSON with \"format\""));
  EXPECT_THAT(refusal("\"version\":1", "\"version\":2"), HasSubstr("version"));
  EXPECT_THAT(refusal("[512,1024]", "[512,5000]"), HasSubstr("index.json, shard a.tar: expected whole numbers"));
  EXPECT_THAT(refusal("[512,1024]", "[512]"), HasSubstr("expected 1 sizes, labels and checksums"));
  EXPECT_THAT(refusal("[100,512]", "[100,4000]"), HasSubstr("from 1 to 3072 in \"sizes\""));
  EXPECT_THAT(refusal("[100,512]", "[0,512]"), HasSubstr("\"sizes\""));
  EXPECT_THAT(refusal("\"labels\":[0,1]", "\"labels\":[0,2]"), HasSubstr("from -1 to 1 in \"labels\""));
  EXPECT_THAT(refusal("\"labels\":[0,1]", "\"labels\":[0,0]"), HasSubstr("\"samples_per_class\" as its labels say"));
  EXPECT_THAT(refusal("a.tar", "../a.tar"), HasSubstr("expected names of files beside the index"));
  EXPECT_THAT(refusal("[2,1]", "[2]"), HasSubstr("expected 2 numbers in \"samples_per_class\""));
  EXPECT_THAT(refusal("\"shards\"", "\"shard\""), HasSubstr("expected an array \"shards\", received none"));
}

}  // namespace
}  // namespace evenkeel
