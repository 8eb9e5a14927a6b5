#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/formats/descriptor.h"
#include "evenkeel/formats/source.h"

namespace evenkeel::formats {

// TensorFlow's record files. A record is the data's length (8 bytes, little-endian), the masked CRC-32C of these 8
// bytes (4 bytes), the data, and the masked CRC-32C of the data (4 bytes).

/// The form in which TFRecord stores a crc32c: the checksum of bytes that contain checksums would be weak without it.
std::uint32_t masked_crc(std::uint32_t crc);

/// Appends `data` as a record.
void append_record(Bytes& bytes, BytesView data);

/// Reads the records of a source, which must outlive it, one after the other.
class RecordReader {
 public:
  /// What it means if the last record is cut off by the end of the file.
  enum class Cut {
    error,       ///< a damaged file
    end_of_file  ///< the writer was killed: the record is ignored
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

/// Appends records to a new file. The file holds whole records at all times, even after the disk became full.
class RecordWriter {
 public:
  /// Makes the file. Throws Error if it exists or cannot be made.
  explicit RecordWriter(const std::filesystem::path& path);

  /// Writes one or more records, made by append_record; readers see them at once. Throws Error (full disk) after
  /// removing the part of them that was written.
  void write(BytesView records);

 private:
  std::string name_;
  Descriptor file_;
  std::uint64_t size_ = 0;
};

}  // namespace evenkeel::formats
