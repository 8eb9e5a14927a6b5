#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/formats/descriptor.h"
#include "evenkeel/formats/source.h"

namespace evenkeel::formats {

// TensorFlow's record files. A record is the data's length (8 bytes, little-endian), the masked CRC-32C of these
// (4 bytes), the data, and the masked CRC-32C of the data.

/// What TFRecord stores for a crc32c, so that the sum of bytes that hold sums is not degenerate.
std::uint32_t masked_crc(std::uint32_t crc);

/// Appends `data` as a record.
void append_record(Bytes& bytes, BytesView data);

/// Reads the records of a source, which must outlive it, one after the other.
class RecordReader {
 public:
  /// What a record means that the end of the file cuts off.
  enum class Cut {
    error,       ///< a damaged file
    end_of_file  ///< that its writer was killed: it is as if it had not been begun
  };

  explicit RecordReader(const Source& source, Cut cut = Cut::error) : source_(&source), cut_(cut) {}

  /// The next record's data, or nothing at the end. Throws Error where a checksum differs.
  std::optional<Bytes> next();
  /// Where the next record begins, in bytes.
  std::uint64_t offset() const { return offset_; }

 private:
  std::string where() const;

  const Source* source_;
  Cut cut_;
  std::uint64_t offset_ = 0;
  std::uint64_t number_ = 0;
};

/// Appends records to a new file. What has been written is whole records, also where the disk is full.
class RecordWriter {
 public:
  /// Throws Error where the file exists or cannot be made.
  explicit RecordWriter(const std::filesystem::path& path);

  /// Writes one or more records, made by append_record, so that a reader sees them now. Throws Error (full disk) after
  /// taking back what was written of them.
  void write(BytesView records);

 private:
  std::string name_;
  Descriptor file_;
  std::uint64_t size_ = 0;
};

}  // namespace evenkeel::formats
