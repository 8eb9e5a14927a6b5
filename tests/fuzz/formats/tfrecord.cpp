#include "evenkeel/formats/tfrecord.h"
#include "tests/fuzz/fuzz.h"

using namespace evenkeel;

namespace {

void read_all(formats::BytesView bytes, formats::RecordReader::Cut cut) {
  const formats::Source source(bytes, "input");
  formats::RecordReader reader(source, cut);
  while (reader.next()) fuzz::require(reader.offset() <= bytes.size());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const formats::BytesView bytes = fuzz::bytes_of(data, size);
  fuzz::accepts([&] { read_all(bytes, formats::RecordReader::Cut::error); });
  fuzz::accepts([&] { read_all(bytes, formats::RecordReader::Cut::end_of_file); });
  formats::Bytes record;
  formats::append_record(record, bytes);
  const formats::Source source(record, "round trip");
  formats::RecordReader reader(source);
  const auto read = reader.next();
  fuzz::require(read && std::ranges::equal(*read, bytes) && !reader.next());
  return 0;
}
