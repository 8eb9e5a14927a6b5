#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <string>

#include "evenkeel/formats/bytes.h"
#include "evenkeel/formats/descriptor.h"

namespace evenkeel::formats {

/// Reads bytes at any offset of an open file or of memory, so that a decoder reads large arrays straight into their
/// tensors. It throws only Error, with `name` as where.
class Source {
 public:
  /// Opens a regular file. Throws Error where it does not exist, is a folder or a device, or may not be read.
  explicit Source(const std::filesystem::path& path);
  /// Bytes in memory, not owned.
  Source(BytesView bytes, std::string name) : name_(std::move(name)), size_(bytes.size()), bytes_(bytes) {}

  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }
  /// Reads into.size() bytes at `offset`. Throws Error unless they are inside the source and can be read.
  void read(std::uint64_t offset, std::span<std::byte> into) const;
  /// Asks the system to read bytes ahead of their use. Does not wait, and throws nothing.
  void expect(std::uint64_t offset, std::uint64_t bytes) const;

 private:
  std::string name_;
  std::uint64_t size_ = 0;
  BytesView bytes_;
  Descriptor file_;
};

/// Reads a stretch of a Source from its begin to its end. The source must outlive the reader.
class Reader {
 public:
  enum class Sum { none, crc32 };

  explicit Reader(const Source& source) : Reader(source, 0, source.size(), source.name()) {}
  /// Bytes [begin, end). `where` names the stretch in errors.
  Reader(const Source& source, std::uint64_t begin, std::uint64_t end, std::string where, Sum sum = Sum::none);

  const std::string& where() const { return where_; }
  std::uint64_t remaining() const { return end_ - position_; }
  /// The crc32 of what was read so far; 0 with Sum::none.
  std::uint32_t crc() const { return crc_; }

  /// Reads the next into.size() bytes. Throws Error if fewer remain.
  void read(std::span<std::byte> into);
  std::string text(std::size_t length);
  template <std::unsigned_integral T>
  T little() {
    T value;
    read(std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  template <std::unsigned_integral T>
  T big() {
    return swapped(little<T>());
  }

 private:
  void require(std::uint64_t bytes) const;

  const Source* source_;
  std::uint64_t position_;
  std::uint64_t end_;
  std::string where_;
  Sum sum_;
  std::uint32_t crc_ = 0;
};

}  // namespace evenkeel::formats
