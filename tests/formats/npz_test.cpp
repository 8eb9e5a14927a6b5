#include "evenkeel/formats/npz.h"

#include <limits>

#include "evenkeel/formats/npy.h"
#include "evenkeel/formats/zip.h"
#include "evenkeel/formats/zip_layout.h"
#include "tests/formats/testing.h"

namespace evenkeel::formats {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Key;
using testing::StartsWith;

Bytes fixture_bytes(const std::string& name) { return read_file(fixture(name)); }

/// Where the record with this signature begins: the first, or with `last` the last one.
std::size_t find_record(const Bytes& bytes, std::uint32_t signature, bool last = false) {
  const std::string text = text_of(bytes);
  const std::string mark(reinterpret_cast<const char*>(&signature), sizeof signature);
  const std::size_t found = last ? text.rfind(mark) : text.find(mark);
  EXPECT_NE(found, std::string::npos);
  return found;
}

template <class T>
void set(Bytes& bytes, std::size_t offset, T value) {
  ASSERT_LE(offset + sizeof value, bytes.size());
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

/// The fixture with one field of its first directory entry changed (offsets as in the APPNOTE).
template <class T>
Bytes with_entry_field(const std::string& name, std::size_t offset, T value) {
  Bytes bytes = fixture_bytes(name);
  set(bytes, find_record(bytes, zip::kCentralSignature) + offset, value);
  return bytes;
}

/// The fixture with one field of the record at its end changed.
template <class T>
Bytes with_end_field(const std::string& name, std::uint32_t signature, std::size_t offset, T value) {
  Bytes bytes = fixture_bytes(name);
  set(bytes, find_record(bytes, signature, true) + offset, value);
  return bytes;
}

std::string error_for(const Bytes& bytes) {
  return error_of([&] { decode_npz(bytes, "x.npz"); });
}

void expect_fixture_arrays(const std::map<std::string, Tensor>& arrays) {
  ASSERT_THAT(arrays, ElementsAre(Key("x"), Key("y")));
  expect_equal(arrays.at("x"), fixture_floats());
  expect_equal(arrays.at("y"), fixture_labels());
}

/// A zip archive of these members as ZipWriter makes it.
Bytes zip_of(std::initializer_list<std::pair<std::string, Bytes>> members, std::uint64_t zip64_from = 0xffffffff) {
  const TestFolder folder;
  AtomicFile file(folder / "zip");
  ZipWriter writer(file, zip64_from);
  for (const auto& [name, content] : members) writer.add(name, {content}, false);
  writer.finish();
  file.commit();
  return read_file(folder / "zip");
}

TEST(ReadNpz, ReadsStoredArrays) { expect_fixture_arrays(read_npz(fixture("stored.npz"))); }

TEST(ReadNpz, ReadsDeflatedArrays) { expect_fixture_arrays(read_npz(fixture("compressed.npz"))); }

TEST(ReadNpz, ReadsAnArchiveWithEverySizeInAZip64Field) { expect_fixture_arrays(read_npz(fixture("zip64.npz"))); }

TEST(ReadNpz, ReadsMembersWhoseSizesStandBehindThem) {
  expect_equal(read_npz(fixture("data_descriptor.npz")).at("x"), fixture_floats());
}

TEST(ReadNpz, ReadsNamesWithFoldersAndBeyondAscii) {
  const auto arrays = read_npz(fixture("unicode.npz"));
  EXPECT_THAT(arrays, ElementsAre(Key("block/kernel"), Key("größe")));
}

TEST(ReadNpz, PassesOverOtherMembersAndTheComment) {
  EXPECT_THAT(read_npz(fixture("with_text_and_comment.npz")), ElementsAre(Key("x")));
}

TEST(ReadNpz, ReadsOnlyWhatIsAskedFor) {
  EXPECT_THAT(read_npz(fixture("stored.npz"), {"y", "z"}), ElementsAre(Key("y")));
}

TEST(ReadNpz, LeavesDamageAloneInWhatIsNotAskedFor) {
  const Bytes bytes = with_entry_field<std::uint32_t>("stored.npz", 16, 0);  // the crc of x
  EXPECT_THAT(decode_npz(bytes, "x.npz", {"y"}), ElementsAre(Key("y")));
}

TEST(ReadNpz, NamesTheFileThatDoesNotExist) {
  EXPECT_THAT(error_of([] { read_npz("/nowhere/x.npz"); }), HasSubstr("/nowhere/x.npz: "));
}

TEST(ReadNpz, RefusesAFileThatIsNotAZipArchive) {
  EXPECT_THAT(error_for(bytes_of("not a zip archive at all, though long enough")), HasSubstr("expected a zip archive"));
}

TEST(ReadNpz, RefusesEveryTruncation) {
  for (const char* name : {"stored.npz", "compressed.npz", "zip64.npz", "data_descriptor.npz"}) {
    const Bytes whole = fixture_bytes(name);
    for (std::size_t length = 0; length < whole.size(); ++length)
      EXPECT_THAT(error_for(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))),
                  StartsWith("x.npz: "));
  }
}

TEST(ReadNpz, RefusesBytesBehindTheEnd) {
  Bytes bytes = fixture_bytes("stored.npz");
  bytes.push_back(std::byte{0});
  EXPECT_THAT(error_for(bytes), HasSubstr("directory at the end"));
}

TEST(ReadNpz, RefusesBytesBeforeTheBeginning) {
  Bytes bytes = bytes_of("#!");
  append(bytes, fixture_bytes("stored.npz"));
  EXPECT_THAT(error_for(bytes), HasSubstr("zip directory that ends at"));
}

TEST(ReadNpz, NamesTheMemberWhoseChecksumDiffers) {
  for (const char* name : {"stored.npz", "compressed.npz"})
    EXPECT_THAT(error_for(with_entry_field<std::uint32_t>(name, 16, 0)),
                AllOf(HasSubstr("x.npz: member \"x.npy\": expected crc 00000000")));
}

TEST(ReadNpz, NoticesAnElementThatChanged) {
  Bytes bytes = fixture_bytes("stored.npz");
  bytes[zip::kLocalSize + 5 + 20 + 128 + 3] ^= std::byte{1};  // after the header, its zip64 field and npy's header
  EXPECT_THAT(error_for(bytes), HasSubstr("member \"x.npy\": expected crc"));
}

TEST(ReadNpz, RefusesSizesBeyondTheFile) {
  EXPECT_THAT(error_for(with_entry_field<std::uint32_t>("stored.npz", 20, 0x7fffffff)),
              HasSubstr("expected 2147483647 bytes"));
}

TEST(ReadNpz, RefusesAStoredMemberOfTwoSizes) {
  EXPECT_THAT(error_for(with_entry_field<std::uint32_t>("stored.npz", 24, 225)),
              HasSubstr("expected 225 bytes, received 224"));
}

TEST(ReadNpz, RefusesADeflatedMemberOfAnotherSize) {
  for (const std::uint32_t size : {223u, 225u})
    EXPECT_THAT(error_for(with_entry_field("compressed.npz", 24, size)), HasSubstr("data of another size"));
}

TEST(ReadNpz, RefusesABombBeforeItAsksForMemory) {
  EXPECT_THAT(error_for(with_entry_field<std::uint32_t>("compressed.npz", 24, 0xfffffff0)),
              HasSubstr("a header that promises 4294967280"));
}

TEST(ReadNpz, RefusesZip64SizesBeyondTheFile) {
  Bytes bytes = fixture_bytes("zip64.npz");
  const std::size_t entry = find_record(bytes, zip::kCentralSignature, true);
  for (const std::size_t field : {0, 8, 16}) {
    Bytes damaged = bytes;
    set(damaged, entry + zip::kCentralSize + 5 + 4 + field, std::numeric_limits<std::uint64_t>::max());
    EXPECT_THAT(error_for(damaged), HasSubstr("x.npz: member \"y.npy\": expected")) << field;
  }
}

TEST(ReadNpz, RefusesAZip64FieldThatIsCutShort) {
  Bytes bytes = fixture_bytes("zip64.npz");
  const std::size_t extra = find_record(bytes, zip::kCentralSignature) + zip::kCentralSize + 5;
  set<std::uint16_t>(bytes, extra, 0x7777);  // hides the sizes
  EXPECT_THAT(error_for(bytes), HasSubstr("member \"x.npy\""));
}

TEST(ReadNpz, RefusesAZip64RecordThatPointsElsewhere) {
  for (const std::uint64_t offset : {std::uint64_t{0}, std::uint64_t{1} << 63})
    EXPECT_THAT(error_for(with_end_field("zip64.npz", zip::kZip64LocatorSignature, 8, offset)),
                HasSubstr("expected a zip64 record"));
}

TEST(ReadNpz, RefusesADirectoryOutsideTheFile) {
  EXPECT_THAT(error_for(with_end_field<std::uint32_t>("stored.npz", zip::kEndSignature, 16, 0xfffffffe)),
              HasSubstr("offset 4294967294"));
}

TEST(ReadNpz, RefusesAWrongNumberOfMembers) {
  for (const auto count : std::initializer_list<std::uint16_t>{1, 3, 60000}) {
    Bytes bytes = with_end_field("stored.npz", zip::kEndSignature, 8, count);
    set(bytes, find_record(bytes, zip::kEndSignature, true) + 10, count);
    EXPECT_THAT(error_for(bytes), HasSubstr("x.npz: expected")) << count;
  }
}

TEST(ReadNpz, RefusesAPartOfASplitArchive) {
  EXPECT_THAT(error_for(with_end_field<std::uint16_t>("stored.npz", zip::kEndSignature, 8, 1)),
              HasSubstr("a part of a split one"));
}

TEST(ReadNpz, RefusesAnEncryptedMember) {
  EXPECT_THAT(error_for(with_entry_field<std::uint16_t>("stored.npz", 8, 1)), HasSubstr("received an encrypted one"));
}

TEST(ReadNpz, RefusesAnotherCompression) {
  EXPECT_THAT(error_for(fixture_bytes("bzip2.npz")),
              AllOf(HasSubstr("received one of method 12"), HasSubstr("numpy.savez")));
}

TEST(ReadNpz, RefusesANameThatOccursTwice) {
  const Bytes npy = encode_npy(fixture_labels());
  EXPECT_THAT(error_for(zip_of({{"x.npy", npy}, {"x.npy", npy}})),
              HasSubstr("member \"x.npy\": expected each name once"));
}

TEST(ReadNpz, RefusesNamesThatLeadElsewhere) {
  const Bytes npy = encode_npy(fixture_labels());
  for (const std::string name : {"../x.npy", "a/../../x.npy", "/x.npy", "a\\x.npy", "..", ""})
    EXPECT_THAT(error_for(zip_of({{name, npy}})), HasSubstr("expected a relative name")) << name;
}

TEST(ReadNpz, AllowsDotsInsideNames) {
  EXPECT_THAT(decode_npz(zip_of({{"a..b/.c.npy", encode_npy(fixture_labels())}}), "x.npz"),
              ElementsAre(Key("a..b/.c")));
}

TEST(ReadNpz, RefusesMembersThatOverlap) {
  Bytes bytes = fixture_bytes("stored.npz");
  const std::size_t second = find_record(bytes, zip::kCentralSignature, true);
  set<std::uint32_t>(bytes, second + 42, 0);  // y begins where x does
  EXPECT_THAT(error_for(bytes), HasSubstr("x.npz: member"));
}

TEST(ReadNpz, RefusesAnOffsetWhereNoMemberBegins) {
  EXPECT_THAT(error_for(with_entry_field<std::uint32_t>("stored.npz", 42, 3)), HasSubstr("expected a zip member"));
}

TEST(ReadNpz, NamesTheMemberThatIsNotAnArray) {
  EXPECT_THAT(error_for(zip_of({{"x.npy", bytes_of("not an array")}})),
              HasSubstr("x.npz: member \"x.npy\": expected a npy file"));
}

TEST(ReadNpz, ReadsAnEmptyArchive) { EXPECT_TRUE(decode_npz(zip_of({}), "x.npz").empty()); }

TEST(WriteNpz, KeepsArraysStoredAndCompressed) {
  const TestFolder folder;
  for (const bool compressed : {false, true}) {
    write_npz(folder / "x.npz", {{"x", fixture_floats()}, {"y", fixture_labels()}}, compressed);
    expect_fixture_arrays(read_npz(folder / "x.npz"));
  }
}

TEST(WriteNpz, MakesRepetitiveArraysSmallerWhenCompressed) {
  const TestFolder folder;
  write_npz(folder / "x.npz", {{"x", Tensor({1000, 1000}, DType::float32)}}, true);
  EXPECT_LT(std::filesystem::file_size(folder / "x.npz"), 40'000u);
}

TEST(WriteNpz, KeepsEmptyArraysAndNamesBeyondAscii) {
  const TestFolder folder;
  const Tensor empty({0, 3}, DType::float32);
  write_npz(folder / "x.npz", {{"größe", empty}}, true);
  expect_equal(read_npz(folder / "x.npz").at("größe"), empty);
}

TEST(WriteNpz, WritesTheSameBytesForTheSameArrays) {
  const TestFolder folder;
  write_npz(folder / "a.npz", {{"x", fixture_floats()}});
  write_npz(folder / "b.npz", {{"x", fixture_floats()}});
  EXPECT_EQ(text_of(read_file(folder / "a.npz")), text_of(read_file(folder / "b.npz")));
}

TEST(WriteNpz, RefusesANameThatOccursTwiceAndKeepsTheOldFile) {
  const TestFolder folder;
  write_file_atomically(folder / "x.npz", "old");
  EXPECT_THAT(error_of([&] {
                write_npz(folder / "x.npz", {{"x", fixture_floats()}, {"x", fixture_labels()}});
              }),
              HasSubstr("received \"x\""));
  EXPECT_EQ(text_of(read_file(folder / "x.npz")), "old");
}

TEST(WriteNpz, RefusesANameThatNoZipArchiveHolds) {
  const TestFolder folder;
  error_of([&] { write_npz(folder / "x.npz", {{std::string(70'000, 'x'), fixture_floats()}}); });
  EXPECT_EQ(folder.files(), 0u);
}

TEST(ZipWriter, WritesZip64FieldsFromItsThresholdOn) {
  const Bytes x = encode_npy(fixture_floats()), y = encode_npy(fixture_labels());
  for (const std::uint64_t from : {0, 1, 200, 300, 500})
    expect_fixture_arrays(decode_npz(zip_of({{"x.npy", x}, {"y.npy", y}}, from), "x.npz"));
}

TEST(ZipWriter, LeavesZip64AwayWhereItIsNotNeeded) {
  const std::string text = text_of(zip_of({{"x.npy", encode_npy(fixture_floats())}}));
  EXPECT_EQ(text.find("PK\6\6"), std::string::npos);
}

TEST(ZipWriter, WritesMoreMembersThanTheShortRecordCounts) {
  const TestFolder folder;
  AtomicFile file(folder / "zip");
  ZipWriter writer(file);
  constexpr int kCount = 65'540;
  for (int i = 0; i < kCount; ++i) writer.add(std::to_string(i), {}, false);
  writer.finish();
  file.commit();
  const Source source(folder / "zip");
  EXPECT_EQ(ZipReader(source).members().size(), std::size_t{kCount});
}

}  // namespace
}  // namespace evenkeel::formats
