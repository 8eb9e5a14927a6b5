#include "evenkeel/formats/tfrecord.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/crc32c.h"
#include "evenkeel/formats/file.h"

namespace evenkeel::formats {
namespace {

constexpr std::uint64_t kLengthBytes = 8, kSumBytes = 4, kHeaderBytes = kLengthBytes + kSumBytes;

std::uint32_t sum_of(BytesView bytes) { return masked_crc(crc32c(bytes)); }

}  // namespace

std::uint32_t masked_crc(std::uint32_t crc) { return (crc >> 15 | crc << 17) + 0xa282ead8u; }

void append_record(Bytes& bytes, BytesView data) {
  const std::size_t begin = bytes.size();
  append_little(bytes, std::uint64_t{data.size()});
  append_little(bytes, sum_of(BytesView(bytes).subspan(begin)));
  append(bytes, data);
  append_little(bytes, sum_of(data));
}

std::optional<Bytes> RecordReader::next() {
  const std::uint64_t left = source_->size() - offset_;
  if (left == 0 || (left < kHeaderBytes && cut_ == Cut::end_of_file)) return {};
  Reader reader(*source_, offset_, source_->size(), where());
  std::byte raw_length[kLengthBytes];
  reader.read(raw_length);
  // Checked before the length is used: a damaged one could ask for any amount of memory.
  if (reader.little<std::uint32_t>() != sum_of(raw_length))
    throw Error{{.where = where(), .received = "the checksum of its length differs", .hint = "The file is damaged."}};
  const auto length = load_little<std::uint64_t>(raw_length);
  const bool is_cut = reader.remaining() < kSumBytes || length > reader.remaining() - kSumBytes;
  if (is_cut && cut_ == Cut::end_of_file) return {};
  if (is_cut)
    throw Error{{.where = where(),
                 .expected = fmt::format("{} bytes and their checksum", length),
                 .received = fmt::format("the end of the file after {} bytes", reader.remaining()),
                 .hint = "The file is cut short."}};
  Bytes data = allocate_bytes(length, where());
  reader.read(data);
  if (reader.little<std::uint32_t>() != sum_of(data))
    throw Error{{.where = where(), .received = "the checksum of its data differs", .hint = "The file is damaged."}};
  offset_ = source_->size() - reader.remaining();
  ++number_;
  return data;
}

std::string RecordReader::where() const {
  return fmt::format("{}: record {} at byte {}", source_->name(), number_, offset_);
}

RecordWriter::RecordWriter(const std::filesystem::path& path)
    : name_(path.string()), file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) {
  if (!file_.is_open())
    throw Error{{.kind = kind_of_failure(errno),
                 .where = name_,
                 .expected = "a new file that can be written",
                 .received = system_message(errno)}};
}

void RecordWriter::write(BytesView records) {
  const std::uint64_t size = records.size();
  while (!records.empty()) {
    const ssize_t written = ::write(file_.number(), records.data(), records.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      if (ftruncate(file_.number(), static_cast<off_t>(size_)) == 0)
        ::lseek(file_.number(), static_cast<off_t>(size_), SEEK_SET);
      throw unwritten(name_, error);
    }
    records = records.subspan(static_cast<std::size_t>(written));
  }
  size_ += size;
}

}  // namespace evenkeel::formats
