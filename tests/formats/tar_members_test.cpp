#include "evenkeel/formats/tar_members.h"

#include <fmt/format.h>

#include <filesystem>

#include "evenkeel/formats/tar.h"
#include "tests/formats/testing.h"
#include "tests/support/tar_writer.h"

namespace evenkeel::formats {
namespace {

using testing::HasSubstr;

class TarMembersOf : public testing::Test {
 protected:
  std::vector<TarMember> members() const {
    const Source archive(path_);
    TarMembers all(archive);
    std::vector<TarMember> found;
    while (auto member = all.next()) found.push_back(std::move(*member));
    return found;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const TarMember& member : members()) all.push_back(member.name);
    return all;
  }
  std::string contents(const TarMember& member) const {
    Bytes bytes(member.bytes);
    Source(path_).read(member.offset, bytes);
    return text_of(bytes);
  }
  std::string refusal() const {
    return error_of([&] { members(); });
  }
  std::string refusal(const TarEntry& entry) const {
    write_tar(path_, {{"first", "1"}, entry}, false);
    return refusal();
  }
  /// The archive with a byte changed.
  void change(std::size_t at, char to) const {
    Bytes bytes = read_file(path_);
    bytes.at(at) = static_cast<std::byte>(to);
    write_file_atomically(path_, bytes);
  }
  void cut(std::uintmax_t bytes) const { std::filesystem::resize_file(path_, bytes); }

  TestFolder folder_;
  std::filesystem::path path_ = folder_ / "a.tar";
};

TEST_F(TarMembersOf, AreFilesWithTheirPlaces) {
  write_tar(path_, {{"set", "", AE_IFDIR}, {"set/a", "first"}, {"./b", std::string(700, 'x')}, {"c", ""}}, false);
  EXPECT_EQ(names(), (std::vector<std::string>{"set/a", "b", "c"}));
  EXPECT_EQ(contents(members()[0]), "first");
  EXPECT_EQ(contents(members()[1]), std::string(700, 'x'));
  EXPECT_EQ(members()[2].bytes, 0u);
}

TEST_F(TarMembersOf, HaveLongNamesWithPrefixes) {
  const std::string name = std::string(90, 'd') + '/' + std::string(60, 'f');
  write_tar(path_, {{name, "text"}}, false);
  EXPECT_EQ(names(), std::vector{name});
}

TEST_F(TarMembersOf, ComeBackFromTheWriter) {
  const std::string longer(300, 'n');
  TarWriter writer(path_);
  const std::uint64_t first = writer.add("a.jpg", view_of("one")), second = writer.add(longer, view_of("two"));
  const std::uint64_t bytes = writer.commit();
  EXPECT_EQ(bytes, std::filesystem::file_size(path_));
  const auto all = members();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].offset, first);
  EXPECT_EQ(all[1].offset, second);
  EXPECT_EQ(all[1].name, longer);
  EXPECT_EQ(contents(all[1]), "two");
}

TEST_F(TarMembersOf, OfTheWriterAreReadByOthers) {
  TarWriter writer(path_);
  const std::string longer = std::string(150, 'd') + '/' + std::string(150, 'f');
  writer.add("a/b.jpg", view_of("one"));
  writer.add(longer, view_of("two"));
  writer.commit();
  EXPECT_TRUE(unpack_tar(path_, folder_ / "out", [](std::uint64_t) { return true; }));
  EXPECT_EQ(text_of(read_file(folder_ / "out/a/b.jpg")), "one");
  EXPECT_EQ(text_of(read_file(folder_ / "out" / longer)), "two");
}

TEST_F(TarMembersOf, AreNamedByTheHeaderBeforeThem) {
  TarWriter writer(path_);
  const std::uint64_t offset = writer.add("a.jpg", view_of("one"));
  writer.commit();
  const Source archive(path_);
  EXPECT_EQ(tar_name_before(archive, offset), "a.jpg");
  EXPECT_EQ(tar_name_before(archive, 0), "");
  EXPECT_EQ(tar_name_before(archive, offset + 512), "");
}

TEST_F(TarMembersOf, AreRefusedOutsideTheFolder) {
  EXPECT_THAT(refusal({"set/../../outside", "x"}), HasSubstr("a.tar, member set/../../outside: expected a name below"));
  EXPECT_THAT(refusal({"/etc/passwd", "x"}), HasSubstr("received an absolute name"));
}

TEST_F(TarMembersOf, AreRefusedIfTheyAreNoFiles) {
  EXPECT_THAT(refusal({"l", "", AE_IFLNK, "/etc/passwd"}), HasSubstr("a.tar, member l: "));
  EXPECT_THAT(refusal({"l", "", AE_IFREG, "", "first"}), HasSubstr("received a link"));
  EXPECT_THAT(refusal({"p", "", AE_IFIFO}), HasSubstr("received a device or pipe"));
}

TEST_F(TarMembersOf, NeedTheWholeArchive) {
  write_tar(path_, {{"a", std::string(2000, 'x')}, {"b", "y"}}, false);
  const auto whole = std::filesystem::file_size(path_);
  for (std::uintmax_t bytes = 0; bytes < 512 + 2048 + 512 + 512 + 1; bytes += 100) {
    cut(bytes);
    EXPECT_NE(refusal(), "") << bytes;
    write_tar(path_, {{"a", std::string(2000, 'x')}, {"b", "y"}}, false);
  }
  EXPECT_GT(whole, 0u);
  cut(1000);
  EXPECT_THAT(refusal(), HasSubstr("a.tar, member a: expected 2000 bytes, received an archive that ends at byte 1000"));
}

TEST_F(TarMembersOf, HaveHeadersWithRightSums) {
  write_tar(path_, {{"a", "x"}}, false);
  change(0, 'b');
  EXPECT_THAT(refusal(), HasSubstr("received other data at byte 0"));
}

TEST_F(TarMembersOf, AreNotReadFromCompressedArchives) {
  write_tar(path_, {{"a", std::string(3000, 'x')}, {"b", std::string(100, 'y')}});
  std::string noise;
  for (unsigned i = 0, x = 1; i < 2000; ++i) noise.push_back(static_cast<char>((x = x * 1664525u + 1013904223u) >> 24));
  write_tar(path_, {{"a", noise}});
  EXPECT_THAT(refusal(), HasSubstr("received a gzip file. Unpack it with gunzip"));
}

TEST_F(TarMembersOf, HaveHeadersOfBoundedSize) {
  // A pax header that promises a terabyte.
  Bytes bytes;
  {
    TarWriter writer(path_);
    writer.add(std::string(200, 'n'), view_of("x"));
    writer.commit();
    bytes = read_file(path_);
  }
  const std::string size = "17777777777";
  for (std::size_t i = 0; i < size.size(); ++i) bytes[124 + i] = static_cast<std::byte>(size[i]);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? ' ' : std::to_integer<std::uint64_t>(bytes[i]);
  const std::string text = fmt::format("{:06o}", sum);
  for (std::size_t i = 0; i < text.size(); ++i) bytes[148 + i] = static_cast<std::byte>(text[i]);
  write_file_atomically(path_, bytes);
  EXPECT_THAT(refusal(), HasSubstr("expected headers of at most 1048576 bytes"));
}

}  // namespace
}  // namespace evenkeel::formats
