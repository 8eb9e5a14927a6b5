#include "evenkeel/formats/tfrecord.h"

#include "tests/formats/testing.h"

namespace evenkeel::formats {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Bytes records_of(const std::vector<std::string>& texts) {
  Bytes bytes;
  for (const std::string& text : texts) append_record(bytes, view_of(text));
  return bytes;
}

std::vector<std::string> read_all(BytesView bytes, RecordReader::Cut cut = RecordReader::Cut::error) {
  const Source source(bytes, "x");
  RecordReader reader(source, cut);
  std::vector<std::string> texts;
  while (const auto record = reader.next()) texts.push_back(text_of(*record));
  return texts;
}

std::string read_error(BytesView bytes) {
  return error_of([&] { read_all(bytes); });
}

TEST(MaskedCrc, IsRotatedByFifteenBitsAndOffset) {
  EXPECT_EQ(masked_crc(0), 0xa282ead8u);
  EXPECT_EQ(masked_crc(0x00008000), 0xa282ead9u);
  EXPECT_EQ(masked_crc(1), 0xa284ead8u);
}

TEST(Records, ReadBackAsTheyWereWritten) {
  const std::vector<std::string> texts{"first", "", std::string(100'000, 'x'), "last"};
  EXPECT_EQ(read_all(records_of(texts)), texts);
}

TEST(Records, AreThoseOfTensorFlow) {
  const Source source(fixture("records.tfrecord"));
  RecordReader reader(source);
  EXPECT_EQ(text_of(reader.next().value()), "first");
  EXPECT_EQ(text_of(reader.next().value()), "");
  EXPECT_EQ(text_of(reader.next().value()), std::string(1000, 'x'));
  EXPECT_FALSE(reader.next());
}

TEST(Records, HaveTheBytesOfTensorFlow) {
  EXPECT_EQ(text_of(records_of({"first", "", std::string(1000, 'x')})),
            text_of(read_file(fixture("records.tfrecord"))));
}

TEST(Records, AreNoneInAnEmptyFile) { EXPECT_TRUE(read_all({}).empty()); }

TEST(Records, CutAnywhereAreAnError) {
  const Bytes bytes = records_of({"first", "second"});
  const std::size_t first = records_of({"first"}).size();
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    if (size == first) continue;
    EXPECT_THAT(read_error(BytesView(bytes).first(size)), HasSubstr("cut short")) << size;
  }
}

TEST(Records, CutAnywhereEndTheFileWhereThatIsAskedFor) {
  const Bytes bytes = records_of({"first", "second"});
  for (std::size_t size = records_of({"first"}).size(); size < bytes.size(); ++size)
    EXPECT_THAT(read_all(BytesView(bytes).first(size), RecordReader::Cut::end_of_file), ElementsAre("first")) << size;
}

TEST(Records, WithAFlippedBitAreAnError) {
  Bytes bytes = records_of({"first", "second"});
  for (std::byte& byte : bytes) {
    byte ^= std::byte{0x10};
    EXPECT_THAT(read_error(bytes), AllOf(HasSubstr("checksum"), HasSubstr("differs"))) << &byte - bytes.data();
    byte ^= std::byte{0x10};
  }
}

TEST(Records, SayWhichIsDamaged) {
  Bytes bytes = records_of({"first", "second"});
  bytes[bytes.size() - 5] ^= std::byte{1};
  EXPECT_THAT(read_error(bytes), HasSubstr("x: record 1 at byte 21"));
}

TEST(RecordWriter, AppendsToWhatItWrote) {
  const TestFolder folder;
  RecordWriter writer(folder / "file");
  writer.write(records_of({"first"}));
  writer.write(records_of({"second", "third"}));
  EXPECT_THAT(read_all(read_file(folder / "file")), ElementsAre("first", "second", "third"));
}

TEST(RecordWriter, LeavesAFileThatExistsAsItIs) {
  const TestFolder folder;
  write_file_atomically(folder / "file", "old");
  EXPECT_THAT(error_of([&] { RecordWriter(folder / "file"); }), HasSubstr("File exists"));
  EXPECT_EQ(text_of(read_file(folder / "file")), "old");
}

TEST(RecordWriter, LeavesWholeRecordsWhenTheDiskIsFull) {
  const TestFolder folder;
  RecordWriter writer(folder / "file");
  writer.write(records_of({"first"}));
  {
    const FileSizeLimit limit(4096);
    EXPECT_THAT(error_of([&] { writer.write(records_of({std::string(10'000, 'x')})); }),
                HasSubstr("room for the file"));
  }
  writer.write(records_of({"second"}));
  EXPECT_THAT(read_all(read_file(folder / "file")), ElementsAre("first", "second"));
}

}  // namespace
}  // namespace evenkeel::formats
