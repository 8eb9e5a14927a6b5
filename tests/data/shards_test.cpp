#include "evenkeel/data/shards.h"

#include "evenkeel/data/description.h"
#include "evenkeel/data/preview.h"
#include "evenkeel/data/sources.h"
#include "tests/data/shard_helpers.h"
#include "tests/support/tar_writer.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

std::string text_of(const formats::Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Shards that another program wrote, without an index.
class ForeignShards : public testing::Test {
 protected:
  void write(const std::string& name, const std::vector<TarEntry>& entries) {
    fs::create_directories(folder_ / "shards");
    write_tar(folder_ / "shards" / name, entries, false);
  }
  std::string refusal(bool flat = false) const {
    return error_of([&] { list_shards(spec_, flat); });
  }
  std::string refusal(const std::vector<TarEntry>& entries, bool flat = false) {
    write("s-0.tar", entries);
    return refusal(flat);
  }

  TestFolder folder_;
  std::string spec_ = folder_ / "shards";
  std::string image_ = text_of(small_image(1)), other_ = text_of(small_image(2));
};

TEST(Shards, AreTheSamplesThatWerePacked) {
  TestFolder folder;
  const fs::path shards = write_shards(folder, 3, 10, {.shuffle = false});
  const Dataset packed = load_dataset(shards.string(), Split::train), photos = load_image_folder(folder / "photos");
  ASSERT_EQ(packed.size(), 30);
  EXPECT_EQ(packed.class_names(), photos.class_names());
  EXPECT_TRUE(std::ranges::equal(packed.y().as<std::int32_t>(), photos.y().as<std::int32_t>()));
  EXPECT_TRUE(std::ranges::equal(packed.x().as<std::uint8_t>(), photos.x().as<std::uint8_t>()));
  EXPECT_EQ(packed.sample_name(29), "shard-000004.tar, member class2/009.png");
}

TEST(Shards, AreNamedByAFolderAPatternOrAFile) {
  TestFolder folder;
  const fs::path shards = write_shards(folder, 3, 10);
  const auto count = [&](const std::string& spec) { return find_images(spec, false)->files.size(); };
  const std::size_t first = read_shard_index(shards / kShardIndex).shards[0].samples.size();
  EXPECT_EQ(count(shards), 30u);
  EXPECT_EQ(count(shards / "shard-{000000..000004}.tar"), 30u);
  EXPECT_EQ(count(shards / "shard-000000.tar"), first);
  EXPECT_EQ(count(shards / "shard-{000000..000004}.tar[5:12]"), 7u);
}

TEST(Shards, AreDescribedAndShown) {
  TestFolder folder;
  const ImageFiles files = list_shards(write_shards(folder, 2, 6), false);
  const DatasetDescription d = describe(files, {});
  EXPECT_EQ(d.samples, 12);
  EXPECT_EQ(d.classes, 2);
  EXPECT_EQ(d.sample_shape, (Shape{4, 5, 3}));
  EXPECT_EQ(preview(files, {}, 2).images.size(), 4);
}

TEST(Shards, ThatWereDamagedAreRefusedByTheirChecksums) {
  TestFolder folder;
  const fs::path shards = write_shards(folder, 1, 2, {.shuffle = false});
  formats::Bytes bytes = formats::read_file(shards / "shard-000000.tar");
  bytes[600] ^= std::byte{1};
  formats::write_file_atomically(shards / "shard-000000.tar", bytes);
  EXPECT_SAYS(error_of([&] { load_dataset(shards.string(), Split::train); }),
              "shards/shard-000000.tar, member class0/000.png: expected the checksum");
}

TEST(Shards, MustHaveTheSizesOfTheIndex) {
  TestFolder folder;
  const fs::path shards = write_shards(folder, 3, 10);
  fs::resize_file(shards / "shard-000001.tar", 4096);
  EXPECT_SAYS(error_of([&] { list_shards(shards, false); }), "shard-000001.tar: expected");
  fs::remove(shards / "shard-000001.tar");
  EXPECT_SAYS(error_of([&] { list_shards(shards, false); }),
              "shard-000001.tar: expected a shard, as index.json says, received no file");
  EXPECT_SAYS(error_of([&] { list_shards(shards / "shard-{000000..000004}.tar", false); }),
              "expected 5 shards, received 1 of them missing: ");
}

TEST(Shards, ExpandBraces) {
  EXPECT_EQ(expanded_braces("a-{08..10}.tar"), (std::vector<std::string>{"a-08.tar", "a-09.tar", "a-10.tar"}));
  EXPECT_EQ(expanded_braces("{x,y}/{0..1}"), (std::vector<std::string>{"x/0", "x/1", "y/0", "y/1"}));
  EXPECT_EQ(expanded_braces("plain"), std::vector<std::string>{"plain"});
  for (const char* wrong : {"a{", "a{}", "a{1}", "a{2..1}", "a{1..x}", "{0..999999}{0..9}", "{0..4294967295}"})
    EXPECT_SAYS(error_of([&] { expanded_braces(wrong); }), "expected braces such as {000000..000099}") << wrong;
}

TEST_F(ForeignShards, AreReadByTheirHeaders) {
  write("s-0.tar", {{"b.cls", "1\n"}, {"b.jpg", image_}, {"a.b.json", "{}"}, {"x/a.PNG", other_}, {"x/a.cls", "0"}});
  write("s-1.tar", {{"b.png", other_}, {"b.cls", "3"}});
  const Dataset data = load_dataset(spec_, Split::train);
  ASSERT_EQ(data.size(), 3);
  EXPECT_EQ(data.classes(), 4);
  EXPECT_EQ(data.y().as<std::int32_t>()[0], 1);
  EXPECT_EQ(data.y().as<std::int32_t>()[2], 3);
}

TEST_F(ForeignShards, KeepTheirIndexInTheCache) {
  write("s-0.tar", {{"a.jpg", image_}, {"a.cls", "1"}});
  const fs::path cache = folder_ / "cache";
  const ImageFiles first = list_shards(spec_, false, cache);
  ASSERT_EQ(std::distance(fs::directory_iterator(cache / "shards"), {}), 1);
  EXPECT_EQ(list_shards(spec_, false, cache).files[0].offset, first.files[0].offset);
  // Others have another index.
  write("s-0.tar", {{"b.cls", "1"}, {"a.cls", "1"}, {"a.jpg", image_}, {"b.jpg", other_}});
  EXPECT_EQ(list_shards(spec_, false, cache).files.size(), 2u);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "shards"), {}), 1);
}

TEST_F(ForeignShards, NeedALabelForEachImage) {
  EXPECT_SAYS(refusal({{"a.jpg", image_}, {"a.cls", "0"}, {"b.jpg", image_}}),
              "shards/s-0.tar, member b.jpg: expected a label beside it, b.cls, received none");
  EXPECT_EQ(refusal({{"a.jpg", image_}, {"b.jpg", image_}}, true), "");
  // Where some have one, none of the others gets class 0.
  EXPECT_EQ(refusal({{"a.jpg", image_}, {"a.cls", "0"}, {"b.jpg", image_}}, true), "");
  EXPECT_FALSE(list_shards(spec_, true).labelled);
}

TEST_F(ForeignShards, NeedLabelsThatAreClasses) {
  for (const char* wrong : {"-1", "x", "", "1.5", "99999999", "99999999999999999999"})
    EXPECT_SAYS(refusal({{"a.jpg", image_}, {"a.cls", wrong}}),
                "s-0.tar, member a.cls: expected a label from 0 to 1048575")
        << wrong;
}

TEST_F(ForeignShards, HaveEachKeyOnce) {
  EXPECT_SAYS(refusal({{"a.jpg", image_}, {"a.cls", "0"}, {"b.jpg", image_}, {"b.cls", "0"}, {"a.jpg", image_}}),
              "s-0.tar, member a.jpg: expected one image and one label for each key");
  EXPECT_SAYS(refusal({{"a.jpg", image_}, {"a.png", image_}, {"a.cls", "0"}}), "member a.png");
}

TEST_F(ForeignShards, AreRefusedWithNamesOfOtherFolders) {
  EXPECT_SAYS(refusal({{"../a.jpg", image_}, {"../a.cls", "0"}}), "s-0.tar, member ../a.jpg: ");
  EXPECT_SAYS(refusal({{"a.jpg", "", AE_IFLNK, "/etc/passwd"}, {"a.cls", "0"}}), "s-0.tar, member a.jpg: ");
}

TEST_F(ForeignShards, AreRefusedIfCutShort) {
  write("s-0.tar", {{"a.jpg", image_}, {"a.cls", "0"}});
  write("s-1.tar", {{"a.jpg", image_}, {"a.cls", "0"}});
  fs::resize_file(folder_ / "shards/s-1.tar", 600);
  EXPECT_SAYS(refusal(), "s-1.tar, member a.jpg: expected");
}

TEST_F(ForeignShards, NeedAnImage) {
  EXPECT_SAYS(refusal({{"a.txt", "x"}, {"a.cls", "0"}}), "received no image in them");
}

}  // namespace
}  // namespace evenkeel
