#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "evenkeel/base/threads.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/formats/source.h"

// Our own reader and writer, although we use libarchive elsewhere: its zip reader (3.6.2, tried on the archives of
// npz_test.cpp) accepts damaged archives. It accepts a wrong number of members, bytes before the archive or after its
// end, and a zip64 locator that points elsewhere (read as an archive without members). Of two members at one offset it
// drops one. A name beyond ASCII is lost unless the process has a UTF-8 locale, which a library must not set. Its
// writer stores modification times in the local time zone, and writes zip64 only for files too large for a test.

namespace evenkeel::formats {

/// A file inside a zip archive, as the central directory describes it.
struct ZipMember {
  std::string name;
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint64_t compressed_size = 0;
  std::uint64_t size = 0;
  std::uint64_t header_offset = 0;
  std::uint64_t end = 0;  ///< where the next member or the directory begins
};

/// Reads a zip archive by its central directory (PKWARE's APPNOTE 6.3: zip64 or not; the archive must be the whole
/// file). The constructor throws Error where the directory is damaged, a name occurs twice, is absolute or leads
/// outside with "..".
class ZipReader {
 public:
  explicit ZipReader(const Source& source);

  const std::vector<ZipMember>& members() const { return members_; }

  /// Passes the member's bytes to `consume`, which reads all of them: stored ones straight from the source, deflated
  /// ones inflated. Throws Error where it is encrypted, of another method, overlaps another, or its size or crc
  /// differs.
  void read(const ZipMember& member, FunctionRef<void(Reader&)> consume) const;

 private:
  const Source* source_;
  std::vector<ZipMember> members_;
};

/// Writes a zip archive, one member after the other. The same members give the same bytes: no time is stored.
class ZipWriter {
 public:
  /// Sizes and offsets of at least `zip64_from` are written as zip64 fields (tests lower it).
  explicit ZipWriter(AtomicFile& out, std::uint64_t zip64_from = 0xffffffff) : out_(&out), zip64_from_(zip64_from) {}

  /// A member whose bytes are the pieces, one after the other; stored, or deflated if `compressed`.
  void add(const std::string& name, std::initializer_list<BytesView> pieces, bool compressed);
  /// The central directory; nothing may be added after it.
  void finish();

 private:
  void put(BytesView bytes);
  /// A local header; with `central`, the entry of the directory.
  Bytes header(const ZipMember& member, bool central) const;

  AtomicFile* out_;
  std::uint64_t zip64_from_;
  std::uint64_t written_ = 0;
  std::vector<ZipMember> members_;
};

}  // namespace evenkeel::formats
