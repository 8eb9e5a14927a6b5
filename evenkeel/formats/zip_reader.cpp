#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/deflate.h"
#include "evenkeel/formats/zip.h"
#include "evenkeel/formats/zip_layout.h"

namespace evenkeel::formats {
namespace {

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t count = 0;
  std::uint64_t end = 0;  ///< where the records after it begin
};

Error damaged(const std::string& where, const std::string& expected, const std::string& received) {
  return Error{{.where = where, .expected = expected, .received = received, .hint = "The file is damaged."}};
}

/// Where the record at the archive's end begins: only a comment of the length that it states comes after it.
std::uint64_t find_end(const Source& source) {
  constexpr std::uint64_t kLongest = zip::kEndSize + 0xffff;
  const std::uint64_t length = std::min(source.size(), kLongest);
  Bytes tail(static_cast<std::size_t>(length));
  source.read(source.size() - length, tail);
  for (std::size_t comment = 0; comment + zip::kEndSize <= tail.size(); ++comment) {
    const std::byte* record = tail.data() + tail.size() - zip::kEndSize - comment;
    if (load_little<std::uint32_t>(record) == zip::kEndSignature && load_little<std::uint16_t>(record + 20) == comment)
      return source.size() - zip::kEndSize - comment;
  }
  throw Error{{.where = source.name(),
               .expected = "a zip archive with its directory at the end",
               .received = "none",
               .hint = "The file is cut short, or is not a zip archive."}};
}

/// The directory by the zip64 record, which is before the usual one; nothing if there is none.
std::optional<Directory> find_zip64(const Source& source, std::uint64_t end) {
  if (end < zip::kZip64LocatorSize + zip::kZip64EndSize) return {};
  const std::uint64_t locator = end - zip::kZip64LocatorSize;
  Reader in(source, locator, end, source.name());
  if (in.little<std::uint32_t>() != zip::kZip64LocatorSignature) return {};
  in.little<std::uint32_t>();  // the disk
  const auto record = in.little<std::uint64_t>();
  if (record > locator - zip::kZip64EndSize)
    throw damaged(source.name(), "a zip64 record inside the file", fmt::format("offset {}", record));
  in = Reader(source, record, locator, source.name());
  if (in.little<std::uint32_t>() != zip::kZip64EndSignature)
    throw damaged(source.name(), "a zip64 record", fmt::format("other bytes at offset {}", record));
  in.text(20);  // its size, versions and disks
  Directory directory;
  const auto here = in.little<std::uint64_t>();
  directory.count = in.little<std::uint64_t>();
  if (here != directory.count) throw damaged(source.name(), "a zip archive in one file", "a part of a split one");
  directory.size = in.little<std::uint64_t>();
  directory.offset = in.little<std::uint64_t>();
  directory.end = record;
  return directory;
}

Directory find_directory(const Source& source) {
  const std::uint64_t end = find_end(source);
  Directory directory;
  if (const auto zip64 = find_zip64(source, end)) {
    directory = *zip64;
  } else {
    Reader in(source, end + 8, end + 20, source.name());
    const auto here = in.little<std::uint16_t>();
    directory.count = in.little<std::uint16_t>();
    if (here != directory.count) throw damaged(source.name(), "a zip archive in one file", "a part of a split one");
    directory.size = in.little<std::uint32_t>();
    directory.offset = in.little<std::uint32_t>();
    directory.end = end;
  }
  if (directory.offset > directory.end || directory.size != directory.end - directory.offset)
    throw damaged(source.name(), fmt::format("a zip directory that ends at {}", directory.end),
                  fmt::format("{} bytes at offset {}", directory.size, directory.offset));
  return directory;
}

/// Replaces values that were too large for the fixed fields by those of the zip64 field, which has only these.
void read_zip64_field(BytesView extra, ZipMember& member, const std::string& where) {
  const Source source(extra, where);
  Reader in(source);
  while (in.remaining() >= 4) {
    const auto id = in.little<std::uint16_t>();
    const auto size = in.little<std::uint16_t>();
    if (id != zip::kZip64Field) {
      in.text(size);
      continue;
    }
    for (std::uint64_t* value : {&member.size, &member.compressed_size, &member.header_offset})
      if (*value == zip::kElsewhere32) *value = in.little<std::uint64_t>();
    return;
  }
}

ZipMember read_entry(Reader& in) {
  if (in.little<std::uint32_t>() != zip::kCentralSignature)
    throw damaged(in.where(), "an entry of the zip directory", "other bytes");
  in.little<std::uint32_t>();  // versions
  ZipMember member;
  member.flags = in.little<std::uint16_t>();
  member.method = in.little<std::uint16_t>();
  in.little<std::uint32_t>();  // time and date
  member.crc = in.little<std::uint32_t>();
  member.compressed_size = in.little<std::uint32_t>();
  member.size = in.little<std::uint32_t>();
  const auto name_length = in.little<std::uint16_t>();
  const auto extra_length = in.little<std::uint16_t>();
  const auto comment_length = in.little<std::uint16_t>();
  in.text(8);  // disk and attributes
  member.header_offset = in.little<std::uint32_t>();
  member.name = in.text(name_length);
  const std::string extra = in.text(extra_length);
  in.text(comment_length);
  read_zip64_field(view_of(extra), member, in.where());
  return member;
}

bool stays_inside(const std::string& name) {
  const std::string framed = '/' + name + '/';
  return !name.empty() && name.front() != '/' && framed.find("/../") == std::string::npos &&
         name.find('\\') == std::string::npos && name.find('\0') == std::string::npos;
}

std::string where_of(const Source& source, const ZipMember& member) {
  return fmt::format("{}: member \"{}\"", source.name(), member.name);
}

/// Each member ends before the next one begins: none can be counted twice.
void set_ends(std::vector<ZipMember>& members, std::uint64_t directory) {
  std::vector<ZipMember*> by_offset;
  for (ZipMember& member : members) by_offset.push_back(&member);
  std::sort(by_offset.begin(), by_offset.end(),
            [](const ZipMember* a, const ZipMember* b) { return a->header_offset > b->header_offset; });
  std::uint64_t end = directory;
  for (ZipMember* member : by_offset) {
    member->end = end;
    end = std::min(end, member->header_offset);
  }
}

}  // namespace

ZipReader::ZipReader(const Source& source) : source_(&source) {
  const Directory directory = find_directory(source);
  if (directory.count > directory.size / zip::kCentralSize)
    throw damaged(source.name(), fmt::format("a zip directory of {} entries", directory.count),
                  fmt::format("{} bytes", directory.size));
  Bytes bytes = allocate_bytes(directory.size, source.name());
  source.read(directory.offset, bytes);
  const Source entries(bytes, source.name());
  Reader in(entries);
  std::set<std::string_view> names;
  members_.reserve(directory.count);
  while (in.remaining() > 0) {
    if (members_.size() == directory.count)
      throw damaged(source.name(), fmt::format("{} members", directory.count), "more");
    const ZipMember& member = members_.emplace_back(read_entry(in));
    if (!stays_inside(member.name))
      throw Error{{.where = where_of(source, member),
                   .expected = "a relative name without \"..\"",
                   .received = "one that leads elsewhere"}};
    if (!names.insert(member.name).second) throw damaged(where_of(source, member), "each name once", "it twice");
  }
  if (members_.size() != directory.count)
    throw damaged(source.name(), fmt::format("{} members", directory.count), fmt::format("{}", members_.size()));
  set_ends(members_, directory.offset);
}

void ZipReader::read(const ZipMember& member, FunctionRef<void(Reader&)> consume) const {
  const std::string where = where_of(*source_, member);
  const bool encrypted = (member.flags & zip::kEncryptedFlag) != 0;
  if (encrypted || (member.method != zip::kStored && member.method != zip::kDeflated))
    throw Error{{.kind = Error::unsupported,
                 .where = where,
                 .expected = "a stored or deflated member",
                 .received = encrypted ? "an encrypted one" : fmt::format("one of method {}", member.method),
                 .hint = "Write the archive with numpy.savez or numpy.savez_compressed."}};
  Reader local(*source_, member.header_offset, member.end, where);
  if (local.little<std::uint32_t>() != zip::kLocalSignature)
    throw damaged(where, fmt::format("a zip member at offset {}", member.header_offset), "other bytes");
  local.text(22);
  const std::size_t name_length = local.little<std::uint16_t>(), extra_length = local.little<std::uint16_t>();
  const std::uint64_t begin = member.header_offset + zip::kLocalSize + name_length + extra_length;
  if (begin > member.end || member.compressed_size > member.end - begin)
    throw damaged(where, fmt::format("{} bytes from offset {}", member.compressed_size, begin),
                  fmt::format("room up to {}", member.end));
  Reader data(*source_, begin, begin + member.compressed_size, where, Reader::Sum::crc32);

  const auto read_checked = [&](Reader& in) {
    if (in.remaining() != member.size)
      throw damaged(where, fmt::format("{} bytes", member.size), fmt::format("{}", in.remaining()));
    consume(in);
    if (in.remaining() != 0 || in.crc() != member.crc)
      throw damaged(where, fmt::format("crc {:08x}", member.crc), fmt::format("{:08x}", in.crc()));
  };
  if (member.method == zip::kStored) return read_checked(data);
  Bytes deflated = allocate_bytes(member.compressed_size, where);
  data.read(deflated);
  const Bytes bytes = inflate(deflated, member.size, where);
  deflated = {};
  const Source inflated(bytes, where);
  Reader in(inflated, 0, inflated.size(), where, Reader::Sum::crc32);
  read_checked(in);
}

}  // namespace evenkeel::formats
