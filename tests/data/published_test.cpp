#include "evenkeel/data/fetch/published.h"

#include <algorithm>

#include "evenkeel/data/mnist.h"
#include "evenkeel/data/sources.h"
#include "evenkeel/formats/file.h"
#include "tests/data/helpers.h"

namespace evenkeel {
namespace {

class Published : public testing::Test {
 protected:
  Published() {
    write("a.gz", "first");
    set_.files.push_back({"a.gz", 5, formats::checksum_of(folder_ / "a.gz", formats::Checksum::Kind::md5)});
  }
  void write(const std::string& name, const std::string& text) { formats::write_file_atomically(folder_ / name, text); }
  FileState state() { return check_files(set_, folder_.path()).front().state; }

  TestFolder folder_;
  PublishedSet set_{.name = "set", .folder = "set", .url = "", .files = {}, .unpacked = {}};
};

TEST_F(Published, FilesWithTheirChecksumAreAsPublished) { EXPECT_EQ(state(), FileState::as_published); }

TEST_F(Published, FilesOfAnotherSizeDiffer) {
  write("a.gz", "first one");
  EXPECT_EQ(state(), FileState::differs);
}

TEST_F(Published, FilesOfTheSameSizeWithOtherContentsDiffer) {
  write("a.gz", "fists");
  EXPECT_EQ(state(), FileState::differs);
}

TEST_F(Published, FilesMayBeMissing) {
  std::filesystem::remove(folder_ / "a.gz");
  EXPECT_EQ(state(), FileState::missing);
}

TEST_F(Published, FilesThatWereInflatedAreUnchecked) {
  std::filesystem::rename(folder_ / "a.gz", folder_ / "a");
  EXPECT_EQ(state(), FileState::unchecked);
}

TEST_F(Published, FilesFromAnArchiveAreUnchecked) {
  set_.unpacked = {{"a.gz", 5}};
  EXPECT_EQ(state(), FileState::unchecked);
}

TEST_F(Published, FilesFromAnArchiveDifferIfTheirSizeDoes) {
  set_.unpacked = {{"a.gz", 6}};
  EXPECT_EQ(state(), FileState::differs);
}

TEST_F(Published, FilesFromAnArchiveMayHaveAnySizeWhereNoneIsKnown) {
  set_.unpacked = {{"a.gz", 0}};
  EXPECT_EQ(state(), FileState::unchecked);
}

TEST_F(Published, FilesFromAnArchiveMayBeMissing) {
  set_.unpacked = {{"b", 0}};
  EXPECT_EQ(state(), FileState::missing);
}

TEST(PublishedSets, AreAllThatNeedFiles) {
  for (const NamedSource& source : named_sources()) {
    if (source.folder.empty()) continue;
    EXPECT_EQ(published_set(source.name).folder, source.folder);
  }
}

TEST(PublishedSets, HaveWholeChecksums) {
  for (const PublishedSet& set : published_sets())
    for (const PublishedFile& file : set.files)
      EXPECT_EQ(file.checksum.hex.size(), file.checksum.kind == formats::Checksum::Kind::md5 ? 32u : 64u) << file.name;
}

TEST(PublishedSets, SuggestTheNameThatIsMeant) {
  EXPECT_SAYS(error_of([] { published_set("cifar"); }), "Did you mean \"cifar10\"?");
}

TEST(PublishedSets, KnowThatSomeAreDrawn) {
  EXPECT_SAYS(error_of([] { published_set("strokes"); }), "the program draws this set itself");
}

}  // namespace
}  // namespace evenkeel
