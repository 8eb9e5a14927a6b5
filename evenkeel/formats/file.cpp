#include "evenkeel/formats/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "evenkeel/formats/crc32c.h"
#include "evenkeel/formats/deflate.h"
#include "evenkeel/formats/source.h"

namespace evenkeel::formats {
namespace fs = std::filesystem;
namespace {

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

// Temporary files have hidden names, so that patterns of names do not find them.
constexpr std::string_view kTemporary = ".evenkeel-", kTemporaryEnding = ".tmp";

/// Whether the open file still has this name.
bool is_at(const Descriptor& file, const fs::path& path) {
  struct stat own {};
  struct stat named {};
  return fstat(file.number(), &own) == 0 && lstat(path.c_str(), &named) == 0 && own.st_dev == named.st_dev &&
         own.st_ino == named.st_ino;
}

/// Removes a temporary file whose program was killed: nobody has locked it.
void remove_if_left(const fs::path& temporary) {
  const Descriptor file(::open(temporary.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (file.is_open() && flock(file.number(), LOCK_EX | LOCK_NB) == 0 && is_at(file, temporary))
    ::unlink(temporary.c_str());
}

/// Opens a new file in the folder. Its name depends on the target's: what a killed program leaves is removed by the
/// next one that writes the same file. `lock` shows that this one lives; it outlasts the file's closing.
Descriptor create_beside(const fs::path& target, fs::path& temporary, Descriptor& lock) {
  const std::uint32_t sum = crc32c(view_of(target.filename().string()));
  for (unsigned n = 0;; ++n) {
    temporary = folder_of(target) / fmt::format("{}{:08x}-{}{}", kTemporary, sum, n, kTemporaryEnding);
    remove_if_left(temporary);
    Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!file.is_open() && errno == EEXIST) continue;  // somebody writes it
    if (!file.is_open()) return file;
    lock = Descriptor(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC));
    // Before it was locked, somebody may have taken it for left.
    const bool is_gone =
        lock.is_open() ? flock(lock.number(), LOCK_EX) == 0 && !is_at(lock, temporary) : errno == ENOENT;
    if (!is_gone) return file;
  }
}

fs::file_status status_of(const fs::path& path) {
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  if (status.type() == fs::file_type::none)
    throw Error{{.kind = kind_of_failure(failure),
                 .where = path.string(),
                 .expected = "a name that can be looked up",
                 .received = failure.message()}};
  return status;
}

}  // namespace

bool exists(const fs::path& path) { return fs::exists(status_of(path)); }

bool is_folder(const fs::path& path) { return fs::is_directory(status_of(path)); }

void make_folder(const fs::path& path) {
  std::error_code failure;
  fs::create_directories(path, failure);
  if (failure || !is_folder(path))
    throw Error{{.kind = failure ? kind_of_failure(failure) : Error::input,
                 .where = path.string(),
                 .expected = "a folder that can be made",
                 .received = failure ? failure.message() : "a file of that name"}};
}

Bytes read_file(const fs::path& path) {
  const Source source(path);
  Bytes bytes = allocate_bytes(source.size(), source.name());
  source.read(0, bytes);
  return bytes;
}

Bytes read_maybe_gzip(const fs::path& path, std::size_t limit) {
  Bytes bytes = read_file(path);
  return is_gzip(bytes) ? gunzip(bytes, limit, path.string()) : bytes;
}

Error unwritten(const std::string& name, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return Error{{.kind = kind_of_failure(error),
                .where = name,
                .expected = full ? "room for the file" : "a file that can be written",
                .received = system_message(error),
                .hint = error == EFBIG
                            ? "That is the limit on the size of files (ulimit -f); what was there before is unchanged."
                        : full ? "Free some space; what was there before is unchanged."
                               : ""}};
}

void write_all(const Descriptor& file, BytesView bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.number(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw unwritten(name, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void rename_path(const fs::path& from, const fs::path& to) {
  if (rename(from.c_str(), to.c_str()) != 0) throw unwritten(to.string(), errno);
}

void sync_folder(const fs::path& folder) {
  const Descriptor open(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (open.is_open()) static_cast<void>(fsync(open.number()));
}

void remove_temporary_files(const fs::path& folder) {
  std::error_code none;
  for (fs::directory_iterator entry(folder, none), end; !none && entry != end; entry.increment(none))
    if (const std::string name = entry->path().filename().string();
        name.starts_with(kTemporary) && name.ends_with(kTemporaryEnding))
      ::unlink(entry->path().c_str());
}

AtomicFile::AtomicFile(const fs::path& path) : name_(path.string()) {
  std::error_code none;
  target_ = fs::is_symlink(path, none) ? fs::weakly_canonical(path, none) : path;
  struct stat old {};
  const bool exists = stat(target_.c_str(), &old) == 0;
  if (exists && !S_ISREG(old.st_mode))
    throw Error{{.where = name_,
                 .expected = "a file to write",
                 .received = S_ISDIR(old.st_mode) ? "a folder" : "a pipe or device"}};
  file_ = create_beside(target_, temporary_, lock_);
  if (!file_.is_open()) {
    const int error = errno;
    const std::string folder = folder_of(target_).string();
    throw Error{{.kind = kind_of_failure(error),
                 .where = name_,
                 .expected = fmt::format("a folder \"{}\" that can be written", folder),
                 .received = system_message(error),
                 .hint = error == ENOENT ? "Create the folder first." : ""}};
  }
  if (exists) static_cast<void>(fchmod(file_.number(), old.st_mode & 07777));
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(BytesView bytes) { write_all(file_, bytes, name_); }

void AtomicFile::commit() {
  // The contents reach the disk before the name does: after a crash the name never refers to half a file.
  if (fsync(file_.number()) != 0 || !file_.close() || rename(temporary_.c_str(), target_.c_str()) != 0)
    throw unwritten(name_, errno);
  temporary_.clear();
  sync_folder(folder_of(target_));
}

void write_file_atomically(const fs::path& path, BytesView bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

void write_file_atomically(const fs::path& path, const std::string& text) {
  write_file_atomically(path, view_of(text));
}

}  // namespace evenkeel::formats
