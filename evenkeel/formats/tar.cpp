#include "evenkeel/formats/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/file.h"

namespace evenkeel::formats {
namespace fs = std::filesystem;
namespace {

using Archive = std::unique_ptr<archive, decltype(&archive_read_free)>;

Error damaged(const fs::path& path, archive* from) {
  const char* reason = archive_error_string(from);
  return Error{{.where = path.string(), .expected = "a tar archive", .received = reason ? reason : "another file"}};
}

Archive open_tar(const fs::path& path) {
  Archive tar(archive_read_new(), archive_read_free);
  archive_read_support_filter_gzip(tar.get());
  archive_read_support_format_tar(tar.get());
  if (archive_read_open_filename(tar.get(), path.c_str(), 1 << 16) != ARCHIVE_OK) throw damaged(path, tar.get());
  return tar;
}

/// The entry's path below `folder`. It refuses paths outside of it, and entries through which later ones could leave
/// it.
fs::path checked_target(const fs::path& folder, archive_entry* entry) {
  const char* text = archive_entry_pathname(entry);
  const fs::path name(text ? text : "");
  const auto refuse = [&](const char* received) {
    return Error{
        {.where = name.string(), .expected = "files and folders below the archive's own", .received = received}};
  };
  if (name.empty()) throw refuse("an entry without a name");
  if (name.is_absolute()) throw refuse("an absolute name");
  if (std::ranges::find(name, fs::path("..")) != name.end()) throw refuse("a name with \"..\"");
  const auto type = archive_entry_filetype(entry);
  if (archive_entry_hardlink(entry) || type == AE_IFLNK) throw refuse("a link");
  if (type != AE_IFREG && type != AE_IFDIR) throw refuse("a device or pipe");
  // They would be written out: a few bytes can promise more than any disk has.
  if (archive_entry_sparse_count(entry) > 0) throw refuse("a file with holes");
  return folder / name;
}

/// False if stopped.
bool unpack_file(archive* tar, const fs::path& path, const fs::path& target, const GoOn& go_on) {
  AtomicFile file(target);
  Bytes piece(std::size_t{1} << 18);
  for (;;) {
    const la_ssize_t n = archive_read_data(tar, piece.data(), piece.size());
    if (n < 0) throw damaged(path, tar);
    if (n == 0) break;
    file.write(BytesView(piece).first(static_cast<std::size_t>(n)));
    if (!go_on(static_cast<std::uint64_t>(archive_filter_bytes(tar, -1)))) return false;
  }
  file.commit();
  return true;
}

}  // namespace

bool unpack_tar(const fs::path& path, const fs::path& folder, const GoOn& go_on) {
  const Archive tar = open_tar(path);
  make_folder(folder);
  for (;;) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(tar.get(), &entry);
    if (status == ARCHIVE_EOF) return true;
    if (status != ARCHIVE_OK) throw damaged(path, tar.get());
    fs::path target;
    try {
      target = checked_target(folder, entry);
    } catch (const Error& error) {
      throw error.inside(path.string());
    }
    if (archive_entry_filetype(entry) == AE_IFDIR) {
      make_folder(target);
      continue;
    }
    make_folder(target.parent_path());
    if (!unpack_file(tar.get(), path, target, go_on)) return false;
  }
}

}  // namespace evenkeel::formats
