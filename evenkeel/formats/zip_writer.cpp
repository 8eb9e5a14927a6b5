#include <algorithm>

#include "evenkeel/formats/deflate.h"
#include "evenkeel/formats/zip.h"
#include "evenkeel/formats/zip_layout.h"

namespace evenkeel::formats {
namespace {

constexpr std::uint16_t kVersion = 20;
constexpr std::uint16_t kZip64Version = 45;
constexpr std::uint32_t kFirstDay = 0x00210000;  // 1980-01-01 00:00, the earliest time in zip

std::uint32_t field32(std::uint64_t value, std::uint64_t zip64_from) {
  return value >= zip64_from ? zip::kElsewhere32 : static_cast<std::uint32_t>(value);
}

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
}

}  // namespace

void ZipWriter::put(BytesView bytes) {
  out_->write(bytes);
  written_ += bytes.size();
}

Bytes ZipWriter::header(const ZipMember& member, bool central) const {
  const bool large = std::max(member.size, member.compressed_size) >= zip64_from_;
  Bytes extra;
  if (large) {
    // A local header must have both sizes, so the directory has both as well.
    append_little(extra, member.size);
    append_little(extra, member.compressed_size);
  }
  if (central && member.header_offset >= zip64_from_) append_little(extra, member.header_offset);
  const std::uint16_t version = extra.empty() ? kVersion : kZip64Version;
  const std::uint64_t sizes_from = large ? 0 : zip64_from_;

  Bytes header;
  append_little(header, central ? zip::kCentralSignature : zip::kLocalSignature);
  if (central) append_little(header, version);
  append_little(header, version);
  append_little(header, member.flags);
  append_little(header, member.method);
  append_little(header, kFirstDay);
  append_little(header, member.crc);
  append_little(header, field32(member.compressed_size, sizes_from));
  append_little(header, field32(member.size, sizes_from));
  append_little(header, static_cast<std::uint16_t>(member.name.size()));
  append_little(header, static_cast<std::uint16_t>(extra.empty() ? 0 : extra.size() + 4));
  if (central) {
    header.resize(header.size() + 10, std::byte{0});  // comment, disk, attributes
    append_little(header, field32(member.header_offset, zip64_from_));
  }
  append(header, view_of(member.name));
  if (!extra.empty()) {
    append_little(header, zip::kZip64Field);
    append_little(header, static_cast<std::uint16_t>(extra.size()));
    append(header, extra);
  }
  return header;
}

void ZipWriter::add(const std::string& name, std::initializer_list<BytesView> pieces, bool compressed) {
  ZipMember member{.name = name, .method = compressed ? zip::kDeflated : zip::kStored, .header_offset = written_};
  if (!is_ascii(name)) member.flags = zip::kUtf8Flag;
  for (const BytesView piece : pieces) {
    member.size += piece.size();
    member.crc = crc32(piece, member.crc);
  }
  Bytes deflated;
  if (compressed) {
    Bytes whole;
    whole.reserve(member.size);
    for (const BytesView piece : pieces) append(whole, piece);
    deflated = deflate(whole);
  }
  member.compressed_size = compressed ? deflated.size() : member.size;
  put(header(member, false));
  if (compressed)
    put(deflated);
  else
    for (const BytesView piece : pieces) put(piece);
  members_.push_back(std::move(member));
}

void ZipWriter::finish() {
  Bytes end;
  for (const ZipMember& member : members_) append(end, header(member, true));
  const std::uint64_t begin = written_, size = end.size(), count = members_.size();
  const bool many = count >= std::min<std::uint64_t>(zip64_from_, zip::kElsewhere16);
  if (many || size >= zip64_from_ || begin >= zip64_from_) {
    append_little(end, zip::kZip64EndSignature);
    append_little(end, std::uint64_t{zip::kZip64EndSize - 12});
    append_little(end, kZip64Version);
    append_little(end, kZip64Version);
    append_little(end, std::uint64_t{0});  // disks
    append_little(end, count);
    append_little(end, count);
    append_little(end, size);
    append_little(end, begin);
    append_little(end, zip::kZip64LocatorSignature);
    append_little(end, std::uint32_t{0});
    append_little(end, begin + size);
    append_little(end, std::uint32_t{1});
  }
  const auto count16 = many ? zip::kElsewhere16 : static_cast<std::uint16_t>(count);
  append_little(end, zip::kEndSignature);
  append_little(end, std::uint32_t{0});  // disks
  append_little(end, count16);
  append_little(end, count16);
  append_little(end, field32(size, zip64_from_));
  append_little(end, field32(begin, zip64_from_));
  append_little(end, std::uint16_t{0});
  put(end);
}

}  // namespace evenkeel::formats
