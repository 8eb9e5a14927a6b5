#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/bytes.h"
#include "evenkeel/formats/descriptor.h"

namespace evenkeel::formats {

/// Whether there is something of that name. Throws Error where that cannot be found out (a folder without permission).
bool exists(const std::filesystem::path& path);
/// Whether a folder, or a link to one, has that name. Throws Error as exists().
bool is_folder(const std::filesystem::path& path);
/// Makes a folder, and those above it, unless it is there. Throws Error where it cannot be made.
void make_folder(const std::filesystem::path& path);

/// The whole file. Throws Error where it does not exist, is a folder, or cannot be read.
Bytes read_file(const std::filesystem::path& path);
/// The whole file, inflated if it is gzip (by its magic, whatever its name). `limit` bounds the inflated size.
Bytes read_maybe_gzip(const std::filesystem::path& path, std::size_t limit = std::size_t{1} << 36);

/// The error of a write that failed with this errno: a full disk, or the system's message.
Error unwritten(const std::string& name, int error);
/// Writes all bytes, and goes on after interruptions by signals. Throws the above, with `name` as where.
void write_all(const Descriptor& file, BytesView bytes, const std::string& name);
/// Gives a file or folder another name in the same file system; a file of that name is replaced. Throws Error.
void rename_path(const std::filesystem::path& from, const std::filesystem::path& to);
/// Writes a folder's new and changed names to the disk, so that they survive a crash. Does nothing on file systems that
/// cannot.
void sync_folder(const std::filesystem::path& folder);

/// Removes the temporary files that killed programs have left in a folder. Only whoever owns the folder may call it:
/// those of a program that is writing have such names too. Throws nothing.
void remove_temporary_files(const std::filesystem::path& folder);

/// Writes beside `path` under a temporary name, syncs file and folder, and renames: a reader sees the old file or the
/// new one, and a full disk leaves the old one. Throws Error (unwritable folder, full disk) after removing the
/// temporary file.
void write_file_atomically(const std::filesystem::path& path, BytesView bytes);
void write_file_atomically(const std::filesystem::path& path, const std::string& text);

/// The same, piece by piece: nothing is seen at `path` before commit(), and without it nothing remains. If the process
/// is killed, a hidden file remains, which the next one that writes `path` removes. A link is followed, and a replaced
/// file's permissions are kept. Anything but a file is not replaced.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path);
  AtomicFile(AtomicFile&&) = delete;
  ~AtomicFile();

  const std::string& name() const { return name_; }
  void write(BytesView bytes);
  void commit();

 private:
  std::string name_;  ///< the caller's spelling of the path
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  Descriptor file_, lock_;
};

}  // namespace evenkeel::formats
