#include "evenkeel/formats/source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/deflate.h"

namespace evenkeel::formats {
namespace {

constexpr const char* kCutShort = "The file is cut short or its header is damaged.";

}  // namespace

bool Descriptor::close() { return !is_open() || ::close(std::exchange(number_, -1)) == 0; }

std::string system_message(int error) { return std::generic_category().message(error); }

Source::Source(const std::filesystem::path& path) : name_(path.string()) {
  // Without O_NONBLOCK opening a pipe would wait for its writer.
  file_ = Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file_.is_open() || fstat(file_.number(), &status) != 0)
    throw Error{{.kind = kind_of_failure(errno),
                 .where = name_,
                 .expected = "a file that can be read",
                 .received = system_message(errno)}};
  if (!S_ISREG(status.st_mode))
    throw Error{
        {.where = name_, .expected = "a file", .received = S_ISDIR(status.st_mode) ? "a folder" : "a pipe or device"}};
  size_ = static_cast<std::uint64_t>(status.st_size);
}

void Source::expect(std::uint64_t offset, std::uint64_t bytes) const {
  if (file_.is_open())
    posix_fadvise(file_.number(), static_cast<off_t>(offset), static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
}

void Source::read(std::uint64_t offset, std::span<std::byte> into) const {
  if (offset > size_ || into.size() > size_ - offset)
    throw Error{{.where = name_,
                 .expected = fmt::format("{} bytes from offset {}", into.size(), offset),
                 .received = fmt::format("a file of {} bytes", size_),
                 .hint = kCutShort}};
  if (into.empty()) return;
  if (!file_.is_open()) {
    std::memcpy(into.data(), bytes_.data() + offset, into.size());
    return;
  }
  for (std::size_t done = 0; done < into.size();) {
    const ssize_t got =
        pread(file_.number(), into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      throw Error{{.kind = got < 0 ? kind_of_failure(errno) : Error::input,
                   .where = name_,
                   .expected = fmt::format("{} bytes from offset {}", into.size(), offset),
                   .received = got < 0 ? system_message(errno) : fmt::format("only {}", done)}};
    done += static_cast<std::size_t>(got);
  }
}

Reader::Reader(const Source& source, std::uint64_t begin, std::uint64_t end, std::string where, Sum sum)
    : source_(&source), position_(begin), end_(end), where_(std::move(where)), sum_(sum) {
  if (begin > end || end > source.size())
    throw Error{{.where = where_,
                 .expected = fmt::format("bytes {} to {}", begin, end),
                 .received = fmt::format("a file of {} bytes", source.size()),
                 .hint = kCutShort}};
}

void Reader::require(std::uint64_t bytes) const {
  if (bytes > remaining())
    throw Error{{.where = where_,
                 .expected = fmt::format("{} bytes more", bytes),
                 .received = fmt::format("{}", remaining()),
                 .hint = kCutShort}};
}

void Reader::read(std::span<std::byte> into) {
  require(into.size());
  // In pieces that are still in the cache when they are summed.
  constexpr std::size_t kPiece = std::size_t{1} << 18;
  while (!into.empty()) {
    const auto piece = into.first(sum_ == Sum::none ? into.size() : std::min(into.size(), kPiece));
    source_->read(position_, piece);
    if (sum_ == Sum::crc32) crc_ = crc32(piece, crc_);
    position_ += piece.size();
    into = into.subspan(piece.size());
  }
}

std::string Reader::text(std::size_t length) {
  require(length);
  std::string text(length, '\0');
  read(std::as_writable_bytes(std::span(text)));
  return text;
}

}  // namespace evenkeel::formats
