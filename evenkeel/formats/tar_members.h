#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "evenkeel/formats/file.h"
#include "evenkeel/formats/source.h"

namespace evenkeel::formats {

/// A file in a tar archive.
struct TarMember {
  std::string name;          ///< in the archive's bytes, without "./" at its begin
  std::uint64_t offset = 0;  ///< of its bytes in the archive
  std::uint64_t bytes = 0;
};

inline constexpr std::uint64_t kTarBlock = 512;

/// Goes through the files of an archive that is not compressed (ustar, GNU or pax), by their headers: so each can be
/// read alone. Folders are passed over. The source must outlive it.
class TarMembers {
 public:
  explicit TarMembers(const Source& archive) : archive_(archive) {}

  /// The next file; nothing after the last. Throws Error, with the archive and the member as where, if the archive is
  /// cut short (it also has to have its end mark), its headers are damaged or larger than kMaxTarHeader, or a member
  /// has a name outside the archive's folder (absolute, ".."), is a link, a device or a pipe, or has holes.
  std::optional<TarMember> next();

 private:
  struct Block;
  Block block();
  std::string long_text(std::uint64_t bytes);
  bool read_extended(char kind, std::uint64_t bytes);

  const Source& archive_;
  std::uint64_t position_ = 0;
  Bytes ahead_;  ///< of the archive, from `ahead_begin_` on
  std::uint64_t ahead_begin_ = 0;
  std::optional<std::string> name_ = {};  ///< of the next member, from headers before its own
  std::optional<std::uint64_t> bytes_ = {};
};

/// The most bytes of a header that holds a long name or other records.
inline constexpr std::uint64_t kMaxTarHeader = std::uint64_t{1} << 20;

/// The name in the header right before a member's bytes; empty if there is none. A long name may be cut.
std::string tar_name_before(const Source& archive, std::uint64_t offset);

/// Writes an archive (ustar; pax for names of more than 100 bytes) of files alone, with no owner and no time: the same
/// files give the same bytes. The file appears under its name with commit(), whole.
class TarWriter {
 public:
  explicit TarWriter(const std::filesystem::path& path) : file_(path) {}

  /// Returns the offset of the bytes in the archive. Throws Error if they cannot be written.
  std::uint64_t add(const std::string& name, BytesView bytes);
  /// How large the archive would be with a further file of a short name and so many bytes.
  std::uint64_t size_with(std::uint64_t bytes) const;
  /// Returns the size of the archive.
  std::uint64_t commit();

 private:
  void write_header(const std::string& name, std::uint64_t bytes, char kind);
  void write_padded(BytesView bytes);

  AtomicFile file_;
  std::uint64_t written_ = 0;
};

}  // namespace evenkeel::formats
