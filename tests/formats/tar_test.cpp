#include "evenkeel/formats/tar.h"

#include "tests/formats/testing.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/tar_writer.h"

namespace evenkeel::formats {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Tar : public testing::Test {
 protected:
  bool unpack(const GoOn& go_on = [](std::uint64_t) { return true; }) {
    return unpack_tar(folder_ / "a.tar", folder_ / "out", go_on);
  }
  std::string read(const std::string& name) { return text_of(read_file(folder_ / "out" / name)); }
  /// What is said of an archive with a harmless entry and this one.
  std::string refusal(const TarEntry& entry) {
    write_tar(folder_ / "a.tar", {{"first", "1"}, entry});
    return error_of([&] { unpack(); });
  }

  TestFolder folder_;
};

TEST_F(Tar, UnpacksFilesInFolders) {
  write_tar(folder_ / "a.tar", {{"set", "", AE_IFDIR}, {"set/a", "first"}, {"deep/er/b", "second"}});
  EXPECT_TRUE(unpack());
  EXPECT_EQ(read("set/a"), "first");
  EXPECT_EQ(read("deep/er/b"), "second");
}

TEST_F(Tar, NeedNotBeCompressed) {
  write_tar(folder_ / "a.tar", {{"a", "first"}}, false);
  unpack();
  EXPECT_EQ(read("a"), "first");
}

TEST_F(Tar, UnpacksLargeFilesWhole) {
  std::string text(1 << 20, 'x');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * i >> 7);
  write_tar(folder_ / "a.tar", {{"a", text}});
  unpack();
  EXPECT_EQ(read("a"), text);
}

TEST_F(Tar, LeavesNothingButItsFiles) {
  write_tar(folder_ / "a.tar", {{"a", "first"}});
  unpack();
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "out"), {}), 1);
}

TEST_F(Tar, RefusesANameWithDots) {
  EXPECT_THAT(refusal({"set/../../outside", "x"}), HasSubstr("set/../../outside: expected files and folders"));
  EXPECT_FALSE(fs::exists(folder_ / "outside"));
}

/// An archive of two kilobytes would become a file that fills every disk.
TEST_F(Tar, RefusesAFileWithHoles) {
  const auto seed = fs::path(EVENKEEL_SOURCE_DIR) / "tests/fuzz/corpus/tar/holes";
  EXPECT_THAT(error_of([&] { unpack_tar(seed, folder_ / "out", [](std::uint64_t) { return true; }); }),
              HasSubstr("a file with holes"));
}

TEST_F(Tar, RefusesAnAbsoluteName) {
  const std::string name = folder_ / "outside";
  EXPECT_THAT(refusal({name, "x"}), HasSubstr("an absolute name"));
  EXPECT_FALSE(fs::exists(name));
}

TEST_F(Tar, RefusesASymbolicLink) {
  EXPECT_THAT(refusal({"link", "", AE_IFLNK, folder_ / "elsewhere"}), HasSubstr("link: expected"));
  EXPECT_FALSE(fs::is_symlink(folder_ / "out" / "link"));
}

TEST_F(Tar, RefusesAHardLink) {
  EXPECT_THAT(refusal({.name = "link", .hard_link = "/etc/passwd"}), HasSubstr("received a link"));
}

TEST_F(Tar, RefusesAPipe) { EXPECT_THAT(refusal({"pipe", "", AE_IFIFO}), HasSubstr("a device or pipe")); }

TEST_F(Tar, NamesTheArchiveThatItRefuses) { EXPECT_THAT(refusal({"../x", "x"}), HasSubstr(folder_ / "a.tar")); }

TEST_F(Tar, RefusesAFileThatIsNone) {
  write_file_atomically(folder_ / "a.tar", std::string(2000, 'x'));
  EXPECT_THAT(error_of([&] { unpack(); }), HasSubstr("a.tar: expected a tar archive"));
}

TEST_F(Tar, RefusesATruncatedArchive) {
  std::string noise(100000, 'x');
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>((i * i * i) >> 5);
  write_tar(folder_ / "a.tar", {{"a", noise}});
  fs::resize_file(folder_ / "a.tar", fs::file_size(folder_ / "a.tar") / 2);
  EXPECT_THAT(error_of([&] { unpack(); }), HasSubstr("a.tar"));
  EXPECT_FALSE(fs::exists(folder_ / "out" / "a"));
}

TEST_F(Tar, StopsWhereItIsTold) {
  write_tar(folder_ / "a.tar", {{"a", "first"}, {"b", "second"}});
  EXPECT_FALSE(unpack([](std::uint64_t) { return false; }));
  EXPECT_FALSE(fs::exists(folder_ / "out" / "a"));
}

TEST_F(Tar, SaysThatTheDiskIsFull) {
  write_tar(folder_ / "a.tar", {{"a", std::string(100000, 'x')}});
  const FileSizeLimit limit(4096);
  EXPECT_THAT(error_of([&] { unpack(); }), HasSubstr("expected room for the file"));
}

}  // namespace
}  // namespace evenkeel::formats
