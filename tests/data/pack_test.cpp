#include "evenkeel/data/pack.h"

#include <algorithm>
#include <numeric>

#include "evenkeel/data/shards.h"
#include "evenkeel/formats/tar_members.h"
#include "tests/data/shard_helpers.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> members_of(const fs::path& path) {
  const formats::Source archive(path);
  formats::TarMembers members(archive);
  std::vector<std::string> names;
  while (const auto member = members.next()) names.push_back(member->name);
  return names;
}

TEST(Pack, WritesAnImageAndALabelForEachKey) {
  TestFolder folder;
  write_shards(folder, 2, 1, {.shuffle = false});
  EXPECT_EQ(members_of(folder / "shards/shard-000000.tar"),
            (std::vector<std::string>{"class0/000.png", "class0/000.cls", "class1/000.png", "class1/000.cls"}));
}

TEST(Pack, CopiesTheFiles) {
  TestFolder folder;
  const ImageFiles files = list_shards(write_shards(folder, 3, 4), false);
  for (const ImageFiles::File& file : files.files) {
    const std::string name = files.name_of(file);
    const std::string original = name.substr(name.find("member ") + 7);
    EXPECT_EQ(files.read(file), formats::read_file(folder / ("photos/" + original))) << name;
  }
}

TEST(Pack, KeepsShardsBelowTheirSize) {
  TestFolder folder;
  const fs::path shards = write_shards(folder, 3, 20, {.shard_bytes = 10'000});
  const ShardIndex index = read_shard_index(shards / kShardIndex);
  EXPECT_GT(index.shards.size(), 3u);
  for (const ShardIndex::Shard& shard : index.shards) {
    EXPECT_LE(shard.bytes, 10'000u);
    EXPECT_EQ(shard.bytes, fs::file_size(shards / shard.file));
  }
}

TEST(Pack, MixesTheClassesByTheSeed) {
  TestFolder folder;
  const fs::path photos = write_photos(folder, 2, 30);
  const auto labels = [&](const std::string& out, const PackOptions& options) {
    const Packed packed = pack_images(list_image_folder(photos, false), folder / out, options);
    std::vector<std::int32_t> all;
    for (const auto& shard : packed.index.shards)
      for (const auto& sample : shard.samples) all.push_back(sample.label);
    return all;
  };
  const auto sorted = labels("sorted", {.shuffle = false}), mixed = labels("mixed", {});
  EXPECT_TRUE(std::ranges::is_sorted(sorted));
  EXPECT_FALSE(std::ranges::is_sorted(mixed));
  EXPECT_EQ(labels("again", {}), mixed);
  EXPECT_NE(labels("other", {.seed = 1}), mixed);
}

TEST(Pack, WritesTheSameBytesAgain) {
  TestFolder folder;
  const ImageFiles files = list_image_folder(write_photos(folder, 2, 3), false);
  pack_images(files, folder / "a");
  pack_images(files, folder / "b");
  for (const char* name : {"shard-000000.tar", "index.json"})
    EXPECT_EQ(formats::read_file(folder / "a" / name), formats::read_file(folder / "b" / name));
}

TEST(Pack, HasStatisticsInItsIndex) {
  TestFolder folder;
  const fs::path shards = write_shards(folder, 2, 5);
  const ShardIndex index = read_shard_index(shards / kShardIndex);
  EXPECT_EQ(index.class_names, (std::vector<std::string>{"class0", "class1"}));
  EXPECT_EQ(index.per_class, (std::vector<std::int64_t>{5, 5}));
  EXPECT_EQ(index.sizes, (std::vector<std::pair<std::string, std::int64_t>>{{"4 x 5", 10}}));
  ASSERT_EQ(index.channels.size(), 3u);
  const Dataset data = load_image_folder(folder / "photos");
  const auto x = data.x().as<std::uint8_t>();
  for (std::size_t c = 0; c < 3; ++c) {
    double sum = 0, squares = 0;
    for (std::size_t i = c; i < x.size(); i += 3) sum += x[i], squares += double(x[i]) * x[i];
    const double n = static_cast<double>(x.size()) / 3, mean = sum / n;
    EXPECT_NEAR(index.channels[c].mean, mean, 1e-10);
    EXPECT_NEAR(index.channels[c].variance, squares / n - mean * mean, 1e-8);
  }
}

TEST(Pack, GivesEachKeyToOneFile) {
  TestFolder folder;
  for (const char* name : {"a.b.png", "a_b.png", "a_b.jpg", "c.png"})
    put_file(folder / "photos/k" / name, small_image(1));
  pack_images(list_image_folder(folder / "photos", false), folder / "shards", {.shuffle = false});
  EXPECT_EQ(list_shards(folder / "shards", false).files.size(), 4u);
}

TEST(Pack, RefusesADamagedFileByName) {
  TestFolder folder;
  write_photos(folder, 1, 3);
  put_file(folder / "photos/class0/001.png", "not an image");
  EXPECT_SAYS(error_of([&] { pack_images(list_image_folder(folder / "photos", false), folder / "shards"); }),
              "photos/class0/001.png: expected a PNG or JPEG image");
  EXPECT_FALSE(fs::exists(folder / "shards"));
}

TEST(Pack, LeavesOutDamagedFilesIfAsked) {
  TestFolder folder;
  write_photos(folder, 1, 3);
  put_file(folder / "photos/class0/001.png", "not an image");
  const Packed packed = pack_images(list_image_folder(folder / "photos", false), folder / "shards", {.skip_bad = true});
  EXPECT_EQ(packed.index.samples(), 2);
  EXPECT_EQ(packed.report.skipped.size(), 1u);
  EXPECT_EQ(list_shards(folder / "shards", false).files.size(), 2u);
}

TEST(Pack, LeavesNothingIfStopped) {
  TestFolder folder;
  const Packed packed = pack_images(list_image_folder(write_photos(folder, 2, 5), false), folder / "shards",
                                    {.progress = [](std::int64_t, std::int64_t) { return false; }});
  EXPECT_TRUE(packed.stopped);
  EXPECT_FALSE(fs::exists(folder / "shards"));
  EXPECT_FALSE(fs::exists(folder / "shards.part"));
}

TEST(Pack, RefusesAFolderWithFiles) {
  TestFolder folder;
  const ImageFiles files = list_image_folder(write_photos(folder, 1, 1), false);
  put_file(folder / "shards/mine", "x");
  EXPECT_SAYS(error_of([&] { pack_images(files, folder / "shards"); }), "received one with files");
}

}  // namespace
}  // namespace evenkeel
