#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>

#include "evenkeel/formats/deflate.h"
#include "tests/formats/testing.h"
#include "tests/support/ordinary_user.h"

namespace evenkeel::formats {
namespace {

using testing::AllOf;
using testing::HasSubstr;

void write_gzip(const std::filesystem::path& path, std::string_view text, std::string_view header = "") {
  const Bytes content = bytes_of(text);
  Bytes gzip = bytes_of(header.empty() ? std::string_view("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10) : header);
  append(gzip, deflate(content));
  append_little(gzip, crc32(content));
  append_little(gzip, static_cast<std::uint32_t>(content.size()));
  std::ofstream(path, std::ios::binary | std::ios::app) << text_of(gzip);
}

TEST(ReadFile, ReturnsEveryByte) {
  const TestFolder folder;
  const std::string text("a\0b\n\xff", 5);
  std::ofstream(folder / "file", std::ios::binary) << text;
  EXPECT_EQ(text_of(read_file(folder / "file")), text);
}

TEST(ReadFile, ReturnsNothingForAnEmptyFile) {
  const TestFolder folder;
  std::ofstream(folder / "file");
  EXPECT_TRUE(read_file(folder / "file").empty());
}

TEST(ReadFile, NamesTheFileThatDoesNotExist) {
  EXPECT_THAT(error_of([] { read_file("/nowhere/file"); }),
              AllOf(HasSubstr("/nowhere/file: "), HasSubstr("No such file")));
}

TEST(ReadFile, RefusesAFolder) {
  const TestFolder folder;
  EXPECT_THAT(error_of([&] { read_file(folder.path()); }), HasSubstr("received a folder"));
}

TEST(ReadFile, RefusesAPipeInsteadOfWaitingForItsWriter) {
  const TestFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(error_of([&] { read_file(folder / "pipe"); }), HasSubstr("received a pipe or device"));
}

TEST(ReadFile, NamesTheFileItMayNotRead) {
  const TestFolder folder;
  std::ofstream(folder / "file") << "text";
  ASSERT_EQ(chmod((folder / "file").c_str(), 0), 0);
  const OrdinaryUser user;
  EXPECT_THAT(error_of([&] { read_file(folder / "file"); }), HasSubstr("Permission denied"));
}

TEST(Exists, IsTrueForFilesAndFoldersAndFalseForTheRest) {
  const TestFolder folder;
  std::ofstream(folder / "file") << "text";
  EXPECT_TRUE(formats::exists(folder / "file"));
  EXPECT_TRUE(formats::exists(folder.path()));
  EXPECT_FALSE(formats::exists(folder / "none"));
  EXPECT_FALSE(formats::exists(folder / "file/none"));
}

TEST(IsFolder, IsTrueForAFolderAndALinkToOne) {
  const TestFolder folder;
  std::ofstream(folder / "file") << "text";
  std::filesystem::create_directory_symlink(folder.path(), folder / "link");
  EXPECT_TRUE(is_folder(folder.path()));
  EXPECT_TRUE(is_folder(folder / "link"));
  EXPECT_FALSE(is_folder(folder / "file"));
  EXPECT_FALSE(is_folder(folder / "none"));
}

TEST(MakeFolder, MakesThoseAboveItAndLeavesWhatIsThere) {
  const TestFolder folder;
  make_folder(folder / "a/b");
  std::ofstream(folder / "a/b/file") << "text";
  make_folder(folder / "a/b");
  EXPECT_TRUE(formats::exists(folder / "a/b/file"));
}

TEST(MakeFolder, NamesAFileThatIsInItsWay) {
  const TestFolder folder;
  std::ofstream(folder / "file") << "text";
  for (const char* name : {"file", "file/below"})
    EXPECT_THAT(error_of([&] { make_folder(folder / name); }),
                AllOf(HasSubstr((folder / name).string()), HasSubstr("a folder that can be made")));
}

TEST(Exists, NamesWhatCannotBeLookedUp) {
  const TestFolder folder;
  std::filesystem::create_directory(folder / "locked");
  ASSERT_EQ(chmod((folder / "locked").c_str(), 0), 0);
  const OrdinaryUser user;
  for (const auto look_up : {exists, is_folder})
    EXPECT_THAT(error_of([&] { look_up(folder / "locked/file"); }),
                AllOf(HasSubstr((folder / "locked/file").string()), HasSubstr("Permission denied")));
}

TEST(ReadMaybeGzip, ReturnsAPlainFileAsItIs) {
  const TestFolder folder;
  std::ofstream(folder / "file.gz") << "plain";
  EXPECT_EQ(text_of(read_maybe_gzip(folder / "file.gz")), "plain");
}

TEST(ReadMaybeGzip, InflatesWhateverTheName) {
  const TestFolder folder;
  write_gzip(folder / "file", "content");
  EXPECT_EQ(text_of(read_maybe_gzip(folder / "file")), "content");
}

TEST(ReadMaybeGzip, InflatesSeveralMembersOneAfterTheOther) {
  const TestFolder folder;
  const std::string large(300'000, 'x');
  write_gzip(folder / "file", large);
  write_gzip(folder / "file", "y");
  EXPECT_EQ(text_of(read_maybe_gzip(folder / "file")), large + "y");
}

TEST(ReadMaybeGzip, InflatesAnEmptyMember) {
  const TestFolder folder;
  write_gzip(folder / "file", "");
  EXPECT_TRUE(read_maybe_gzip(folder / "file").empty());
}

TEST(ReadMaybeGzip, RefusesMoreThanItsLimit) {
  const TestFolder folder;
  write_gzip(folder / "file", std::string(1'000'000, '\0'));
  EXPECT_THAT(error_of([&] { read_maybe_gzip(folder / "file", 999'999); }),
              HasSubstr("expected a gzip file of at most 999999 bytes inflated, received more"));
  EXPECT_EQ(read_maybe_gzip(folder / "file", 1'000'000).size(), 1'000'000u);
}

TEST(ReadMaybeGzip, RefusesEveryTruncation) {
  const TestFolder folder;
  write_gzip(folder / "whole", "some content that is not long");
  const std::string whole = text_of(read_file(folder / "whole"));
  for (std::size_t length = 2; length < whole.size(); ++length) {
    std::ofstream(folder / "cut", std::ios::binary) << whole.substr(0, length);
    EXPECT_THAT(error_of([&] { read_maybe_gzip(folder / "cut"); }), HasSubstr("damaged")) << length;
  }
}

TEST(ReadMaybeGzip, RefusesAWrongChecksum) {
  const TestFolder folder;
  write_gzip(folder / "file", "content");
  std::string gzip = text_of(read_file(folder / "file"));
  gzip[gzip.size() - 8] ^= 1;
  std::ofstream(folder / "file", std::ios::binary) << gzip;
  EXPECT_THAT(error_of([&] { read_maybe_gzip(folder / "file"); }), HasSubstr("damaged"));
}

TEST(ReadMaybeGzip, RefusesOtherBytesBehindTheEnd) {
  const TestFolder folder;
  write_gzip(folder / "file", "content");
  std::ofstream(folder / "file", std::ios::binary | std::ios::app) << "more";
  EXPECT_THAT(error_of([&] { read_maybe_gzip(folder / "file"); }), HasSubstr("damaged or other data"));
}

TEST(Inflate, RefusesASizeThatNoStreamOfThisLengthCanHave) {
  const Bytes deflated = deflate(bytes_of("content"));
  EXPECT_THAT(error_of([&] { inflate(deflated, std::uint64_t{1} << 60, "x"); }), HasSubstr("a header that promises"));
}

TEST(Inflate, RefusesOtherSizes) {
  const Bytes deflated = deflate(bytes_of("content"));
  EXPECT_EQ(text_of(inflate(deflated, 7, "x")), "content");
  EXPECT_THAT(error_of([&] { inflate(deflated, 6, "x"); }), HasSubstr("another size"));
  EXPECT_THAT(error_of([&] { inflate(deflated, 8, "x"); }), HasSubstr("another size"));
}

TEST(AllocateBytes, RefusesMoreThanTheMachineHas) {
  EXPECT_THAT(error_of([] { allocate_bytes(std::uint64_t{1} << 62, "file.npz"); }),
              AllOf(HasSubstr("file.npz: "), HasSubstr("machine's memory")));
}

TEST(WriteFileAtomically, ReplacesTheOldFile) {
  const TestFolder folder;
  write_file_atomically(folder / "file", "a long old text");
  write_file_atomically(folder / "file", "new");
  EXPECT_EQ(text_of(read_file(folder / "file")), "new");
}

TEST(WriteFileAtomically, LeavesNothingElseBehind) {
  const TestFolder folder;
  write_file_atomically(folder / "file", "new");
  EXPECT_EQ(folder.files(), 1u);
}

TEST(WriteFileAtomically, KeepsTheOldFileWhenTheDiskIsFull) {
  const TestFolder folder;
  write_file_atomically(folder / "file", "old");
  {
    const FileSizeLimit limit(4096);
    EXPECT_THAT(
        error_of([&] { write_file_atomically(folder / "file", std::string(10'000, 'x')); }),
        AllOf(HasSubstr((folder / "file").string()), HasSubstr("expected room for the file"), HasSubstr("unchanged")));
  }
  EXPECT_EQ(text_of(read_file(folder / "file")), "old");
}

TEST(WriteFileAtomically, RemovesWhatItWroteWhenTheDiskIsFull) {
  const TestFolder folder;
  const FileSizeLimit limit(4096);
  error_of([&] { write_file_atomically(folder / "file", std::string(10'000, 'x')); });
  EXPECT_EQ(folder.files(), 0u);
}

TEST(WriteFileAtomically, NamesTheFolderThatIsMissing) {
  const TestFolder folder;
  EXPECT_THAT(error_of([&] { write_file_atomically(folder / "none/file", "text"); }),
              AllOf(HasSubstr((folder / "none").string() + "\" that can be written"), HasSubstr("Create the folder")));
}

TEST(WriteFileAtomically, NamesTheFolderThatMayNotBeWritten) {
  const TestFolder folder;
  ASSERT_EQ(chmod(folder.path().c_str(), 0555), 0);
  const OrdinaryUser user;
  EXPECT_THAT(error_of([&] { write_file_atomically(folder / "file", "text"); }), HasSubstr("Permission denied"));
}

TEST(WriteFileAtomically, RefusesToReplaceAFolder) {
  const TestFolder folder;
  std::filesystem::create_directory(folder / "name");
  EXPECT_THAT(error_of([&] { write_file_atomically(folder / "name", "text"); }), HasSubstr("received a folder"));
}

TEST(WriteFileAtomically, RefusesToReplaceAPipe) {
  const TestFolder folder;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(error_of([&] { write_file_atomically(folder / "pipe", "text"); }), HasSubstr("a pipe or device"));
}

TEST(WriteFileAtomically, FollowsALink) {
  const TestFolder folder;
  write_file_atomically(folder / "file", "old");
  std::filesystem::create_symlink("file", folder / "link");
  write_file_atomically(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(text_of(read_file(folder / "file")), "new");
}

TEST(WriteFileAtomically, KeepsThePermissionsOfTheOldFile) {
  const TestFolder folder;
  write_file_atomically(folder / "file", "old");
  ASSERT_EQ(chmod((folder / "file").c_str(), 0640), 0);
  write_file_atomically(folder / "file", "new");
  struct stat status {};
  ASSERT_EQ(stat((folder / "file").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST(WriteFileAtomically, WritesANameWithoutAFolderIntoTheCurrentOne) {
  const TestFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  write_file_atomically("file", "text");
  std::filesystem::current_path(before);
  EXPECT_EQ(text_of(read_file(folder / "file")), "text");
}

TEST(ErrorsOfFiles, AreInputWhereTheNameIsToBlame) {
  const TestFolder folder;
  write_file_atomically(folder / "file", "text");
  for (const auto& path : {folder / "none", folder.path(), folder / "file" / "below"})
    EXPECT_EQ(kind_of([&] { read_file(path); }), Error::input) << path;
  EXPECT_EQ(kind_of([&] { write_file_atomically(folder / "none" / "file", "text"); }), Error::input);
  EXPECT_EQ(kind_of([&] { make_folder(folder / "file"); }), Error::input);
}

TEST(ErrorsOfFiles, AreEnvironmentWithoutPermission) {
  const TestFolder folder;
  write_file_atomically(folder / "file", "text");
  ASSERT_EQ(chmod((folder / "file").c_str(), 0), 0);
  ASSERT_EQ(chmod(folder.path().c_str(), 0555), 0);
  const OrdinaryUser user;
  EXPECT_EQ(kind_of([&] { read_file(folder / "file"); }), Error::environment);
  EXPECT_EQ(kind_of([&] { write_file_atomically(folder / "new", "text"); }), Error::environment);
  EXPECT_EQ(kind_of([&] { make_folder(folder / "new"); }), Error::environment);
}

TEST(ErrorsOfFiles, AreEnvironmentOnAFullDisk) {
  const TestFolder folder;
  const FileSizeLimit limit(100);
  EXPECT_EQ(kind_of([&] { write_file_atomically(folder / "file", std::string(1000, 'x')); }), Error::environment);
  const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(kind_of([&] { write_all(full, bytes_of("text"), "/dev/full"); }), Error::environment);
}

TEST(ErrorsOfFiles, AreEnvironmentWithoutMemory) {
  EXPECT_EQ(kind_of([] { allocate_bytes(std::uint64_t{1} << 60, "x"); }), Error::environment);
}

TEST(AtomicFile, ShowsNothingWithoutACommit) {
  const TestFolder folder;
  {
    AtomicFile file(folder / "file");
    file.write(view_of("text"));
  }
  EXPECT_EQ(folder.files(), 0u);
}

/// The names in a folder, hidden ones too.
std::vector<std::string> names_in(const TestFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    names.push_back(entry.path().filename().string());
  return names;
}

TEST(AtomicFile, RemovesWhatAKilledProgramLeftOfTheSameFile) {
  const TestFolder folder;
  std::string left;
  {
    AtomicFile file(folder / "file");
    left = names_in(folder).at(0);
  }
  std::ofstream(folder / left) << "half";
  write_file_atomically(folder / "other", "text");
  EXPECT_EQ(folder.files(), 2u);  // it may be of any other file
  write_file_atomically(folder / "file", "text");
  EXPECT_THAT(names_in(folder), testing::UnorderedElementsAre("file", "other"));
}

TEST(AtomicFile, LeavesThoseThatAreBeingWrittenAlone) {
  const TestFolder folder;
  AtomicFile first(folder / "file");
  first.write(view_of("first"));
  AtomicFile second(folder / "file");
  second.write(view_of("second"));
  EXPECT_EQ(folder.files(), 2u);
  first.commit();
  EXPECT_EQ(text_of(read_file(folder / "file")), "first");
  write_file_atomically(folder / "file", "third");
  second.commit();
  EXPECT_EQ(text_of(read_file(folder / "file")), "second");
  EXPECT_EQ(folder.files(), 1u);
}

TEST(AtomicFile, OfTheLongestNameIsWritten) {
  const TestFolder folder;
  const std::string name(255, 'n');
  write_file_atomically(folder / name, "text");
  EXPECT_EQ(names_in(folder), std::vector{name});
}

}  // namespace
}  // namespace evenkeel::formats
