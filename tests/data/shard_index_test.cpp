#include "evenkeel/data/shard_index.h"

#include "tests/data/shard_helpers.h"

namespace evenkeel {
namespace {

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
  EXPECT_SAYS(refusal("evenkeel shards", "other"), "index.json: expected JSON with \"format\"");
  EXPECT_SAYS(refusal("\"version\":1", "\"version\":2"), "version");
  EXPECT_SAYS(refusal("[512,1024]", "[512,5000]"), "index.json, shard a.tar: expected whole numbers");
  EXPECT_SAYS(refusal("[512,1024]", "[512]"), "expected 1 sizes, labels and checksums");
  EXPECT_SAYS(refusal("[100,512]", "[100,4000]"), "from 1 to 3072 in \"sizes\"");
  EXPECT_SAYS(refusal("[100,512]", "[0,512]"), "\"sizes\"");
  EXPECT_SAYS(refusal("\"labels\":[0,1]", "\"labels\":[0,2]"), "from -1 to 1 in \"labels\"");
  EXPECT_SAYS(refusal("\"labels\":[0,1]", "\"labels\":[0,0]"), "\"samples_per_class\" as its labels say");
  EXPECT_SAYS(refusal("a.tar", "../a.tar"), "expected names of files beside the index");
  EXPECT_SAYS(refusal("[2,1]", "[2]"), "expected 2 numbers in \"samples_per_class\"");
  EXPECT_SAYS(refusal("\"shards\"", "\"shard\""), "expected an array \"shards\", received none");
}

}  // namespace
}  // namespace evenkeel
