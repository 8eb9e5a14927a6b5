#include "evenkeel/formats/tar_members.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"

namespace evenkeel::formats {
namespace {

constexpr std::size_t kAhead = std::size_t{1} << 16;

/// Where a header has what.
struct Field {
  std::size_t begin, size;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kOwner{108, 8}, kGroup{116, 8}, kSize{124, 12}, kTime{136, 12},
    kSum{148, 8}, kKind{156, 1}, kUstar{257, 8}, kPrefix{345, 155};

std::uint64_t in_blocks(std::uint64_t bytes) { return (bytes + kTarBlock - 1) / kTarBlock * kTarBlock; }

std::string_view text_of(BytesView header, Field field) {
  const std::string_view text(reinterpret_cast<const char*>(header.data()) + field.begin, field.size);
  return text.substr(0, std::min(text.find('\0'), text.size()));
}

/// Octal digits, or GNU's binary numbers for large ones; nothing if it is neither.
std::optional<std::uint64_t> number_of(BytesView header, Field field) {
  const BytesView raw = header.subspan(field.begin, field.size);
  if ((raw[0] & std::byte{0x80}) != std::byte{0}) {
    std::uint64_t value = 0;
    for (std::size_t i = 1; i < raw.size(); ++i) {
      if (value >> 56 != 0) return {};
      value = value << 8 | std::to_integer<std::uint64_t>(raw[i]);
    }
    return raw[0] == std::byte{0x80} ? std::optional(value) : std::nullopt;
  }
  std::string_view digits = text_of(header, field);
  while (!digits.empty() && digits.front() == ' ') digits.remove_prefix(1);
  while (!digits.empty() && digits.back() == ' ') digits.remove_suffix(1);
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
  if (problem != std::errc() || end != digits.data() + digits.size()) return {};
  return value;
}

/// The sum of a header's bytes, with blanks in place of the sum itself.
std::uint64_t header_sum(BytesView header) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < header.size(); ++i)
    sum += i >= kSum.begin && i < kSum.begin + kSum.size ? ' ' : std::to_integer<std::uint64_t>(header[i]);
  return sum;
}

bool is_zero(BytesView bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

std::string name_in(BytesView header) {
  std::string name(text_of(header, kName));
  // GNU's own headers have other things there.
  const bool is_posix = std::memcmp(header.data() + kUstar.begin, "ustar", 6) == 0;
  const std::string_view prefix = is_posix ? text_of(header, kPrefix) : std::string_view();
  if (!prefix.empty()) name = std::string(prefix) + '/' + name;
  while (name.starts_with("./")) name.erase(0, 2);
  return name;
}

Error refused(const Source& archive, const std::string& member, const std::string& received,
              const std::string& expected = "files of an archive that is not compressed") {
  return Error{{.where = member.empty() ? archive.name() : archive.name() + ", member " + printable(member),
                .expected = expected,
                .received = received}};
}

Error cut_short(const Source& archive, const std::string& member, const std::string& expected) {
  return Error{{.where = member.empty() ? archive.name() : archive.name() + ", member " + printable(member),
                .expected = expected,
                .received = fmt::format("an archive that ends at byte {}", archive.size()),
                .hint = "It was not written to its end. Copy or write it again."}};
}

void check_name(const Source& archive, const std::string& name) {
  if (name.empty()) throw refused(archive, name, "a member without a name");
  const char* received = nullptr;
  if (name.front() == '/') received = "an absolute name";
  for (const std::string_view part : split(name, '/'))
    if (part == "..") received = "a name with \"..\"";
  if (received) throw refused(archive, name, received, "a name below the archive's own folder");
}

const char* name_of_kind(char kind) {
  switch (kind) {
    case '1':
    case '2': return "a link";
    case '3':
    case '4':
    case '6': return "a device or pipe";
    case 'S': return "a file with holes";
    default: return "a member of an unknown kind";
  }
}

}  // namespace

struct TarMembers::Block {
  std::array<std::byte, kTarBlock> bytes;
};

TarMembers::Block TarMembers::block() {
  if (position_ > archive_.size() || archive_.size() - position_ < kTarBlock)
    throw cut_short(archive_, "", position_ == 0 ? "a tar archive" : "the end mark of a tar archive");
  const std::uint64_t end = ahead_begin_ + ahead_.size();
  if (position_ < ahead_begin_ || position_ + kTarBlock > end) {
    ahead_.resize(std::min<std::uint64_t>(kAhead, archive_.size() - position_));
    ahead_begin_ = position_;
    archive_.read(position_, ahead_);
  }
  Block block;
  std::memcpy(block.bytes.data(), ahead_.data() + (position_ - ahead_begin_), kTarBlock);
  position_ += kTarBlock;
  return block;
}

std::string TarMembers::long_text(std::uint64_t bytes) {
  if (bytes > kMaxTarHeader)
    throw refused(archive_, name_.value_or(""), fmt::format("a header of {} bytes", bytes),
                  fmt::format("headers of at most {} bytes", kMaxTarHeader));
  std::string text;
  for (std::uint64_t left = in_blocks(bytes); left > 0; left -= kTarBlock) {
    const Block part = block();
    text.append(reinterpret_cast<const char*>(part.bytes.data()), kTarBlock);
  }
  text.resize(bytes);
  return text;
}

/// Headers before a member's own: pax's records, GNU's long names. False for another kind.
bool TarMembers::read_extended(char kind, std::uint64_t bytes) {
  if (kind != 'x' && kind != 'g' && kind != 'L' && kind != 'K') return false;
  const std::string text = long_text(bytes);
  if (kind == 'L') name_ = text.substr(0, std::min(text.find('\0'), text.size()));
  if (kind != 'x') return true;
  // "27 path=a-name-of-a-file\n"
  for (std::string_view rest = text; !rest.empty();) {
    std::size_t size = 0;
    const auto [blank, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
    const auto digits = static_cast<std::size_t>(blank - rest.data());
    if (problem != std::errc() || size > rest.size() || size < digits + 3 || rest[digits] != ' ' ||
        rest[size - 1] != '\n')
      throw refused(archive_, name_.value_or(""), "a damaged header", "records of pax");
    const std::string_view record = rest.substr(digits + 1, size - digits - 2);
    rest.remove_prefix(size);
    const std::size_t equals = std::min(record.find('='), record.size());
    const std::string_view key = record.substr(0, equals), value = record.substr(std::min(equals + 1, record.size()));
    if (key == "path") name_ = std::string(value);
    if (key.starts_with("GNU.sparse.")) throw refused(archive_, name_.value_or(""), name_of_kind('S'));
    if (key == "size") {
      std::uint64_t n = 0;
      const auto [end, wrong] = std::from_chars(value.data(), value.data() + value.size(), n);
      if (wrong != std::errc() || end != value.data() + value.size())
        throw refused(archive_, name_.value_or(""), "a damaged header", "records of pax");
      bytes_ = n;
    }
  }
  return true;
}

std::optional<TarMember> TarMembers::next() {
  for (;;) {
    const Block header = block();
    if (is_zero(header.bytes)) {
      if (name_) throw cut_short(archive_, *name_, "a member after its header");
      return {};
    }
    const auto size = number_of(header.bytes, kSize), sum = number_of(header.bytes, kSum);
    if (!size || !sum || *sum != header_sum(header.bytes)) {
      const bool is_gzip = header.bytes[0] == std::byte{0x1f} && header.bytes[1] == std::byte{0x8b};
      throw Error{
          {.where = archive_.name(),
           .expected = position_ == kTarBlock ? "a tar archive that is not compressed" : "the header of a member",
           .received = is_gzip ? "a gzip file" : fmt::format("other data at byte {}", position_ - kTarBlock),
           .hint = is_gzip ? "Unpack it with gunzip: single samples of it cannot be read." : ""}};
    }
    const char kind = static_cast<char>(header.bytes[kKind.begin]);
    if (read_extended(kind, *size)) continue;
    TarMember member{
        .name = name_.value_or(name_in(header.bytes)), .offset = position_, .bytes = bytes_.value_or(*size)};
    while (member.name.starts_with("./")) member.name.erase(0, 2);
    name_.reset();
    bytes_.reset();
    if (kind == '5') continue;
    check_name(archive_, member.name);
    if (kind != '0' && kind != '\0' && kind != '7') throw refused(archive_, member.name, name_of_kind(kind));
    if (member.bytes > archive_.size() - position_)
      throw cut_short(archive_, member.name, fmt::format("{} bytes", member.bytes));
    position_ += in_blocks(member.bytes);
    return member;
  }
}

std::string tar_name_before(const Source& archive, std::uint64_t offset) {
  if (offset < kTarBlock || offset > archive.size()) return {};
  std::array<std::byte, kTarBlock> header{};
  archive.read(offset - kTarBlock, header);
  return number_of(header, kSum) == header_sum(header) ? name_in(header) : std::string();
}

void TarWriter::write_padded(BytesView bytes) {
  constexpr std::array<std::byte, kTarBlock> kZeros{};
  file_.write(bytes);
  file_.write(BytesView(kZeros).first(in_blocks(bytes.size()) - bytes.size()));
  written_ += in_blocks(bytes.size());
}

void TarWriter::write_header(const std::string& name, std::uint64_t bytes, char kind) {
  std::array<std::byte, kTarBlock> header{};
  const auto put = [&](Field field, std::string_view text) {
    std::memcpy(header.data() + field.begin, text.data(), std::min(text.size(), field.size));
  };
  put(kName, name);
  put(kMode, "0000644");
  put(kOwner, "0000000");
  put(kGroup, "0000000");
  put(kSize, fmt::format("{:011o}", bytes));
  put(kTime, "00000000000");
  put(kKind, std::string_view(&kind, 1));
  put(kUstar, std::string_view("ustar\00000", 8));
  put(kSum, fmt::format("{:06o}", header_sum(header)) + std::string("\0 ", 2));
  write_padded(header);
}

std::uint64_t TarWriter::add(const std::string& name, BytesView bytes) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 33;  // eleven octal digits
  if (bytes.size() >= kMost)
    throw Error{{.where = file_.name() + ", member " + printable(name),
                 .expected = fmt::format("less than {} bytes", kMost),
                 .received = std::to_string(bytes.size())}};
  if (name.size() > kName.size) {
    const std::string rest = " path=" + name + '\n';
    std::size_t size = rest.size();  // the record's length counts its own digits
    while (size != rest.size() + std::to_string(size).size()) size = rest.size() + std::to_string(size).size();
    const std::string record = std::to_string(size) + rest;
    write_header("PaxHeader", record.size(), 'x');
    write_padded(view_of(record));
  }
  write_header(name, bytes.size(), '0');
  const std::uint64_t offset = written_;
  write_padded(bytes);
  return offset;
}

std::uint64_t TarWriter::size_with(std::uint64_t bytes) const { return written_ + in_blocks(bytes) + 3 * kTarBlock; }

std::uint64_t TarWriter::commit() {
  write_padded(std::array<std::byte, 2 * kTarBlock>{});
  file_.commit();
  return written_;
}

}  // namespace evenkeel::formats
