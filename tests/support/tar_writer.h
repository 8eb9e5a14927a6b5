#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <filesystem>
#include <string>
#include <vector>

namespace evenkeel {

struct TarEntry {
  std::string name, contents = {};
  decltype(AE_IFREG) type = AE_IFREG;
  std::string symbolic_link = {}, hard_link = {};
};

/// Writes a tar archive of the entries, gzip unless asked for plain.
inline void write_tar(const std::filesystem::path& path, const std::vector<TarEntry>& entries, bool gzip = true) {
  archive* tar = archive_write_new();
  if (gzip) archive_write_add_filter_gzip(tar);
  archive_write_set_format_ustar(tar);
  archive_write_open_filename(tar, path.c_str());
  for (const TarEntry& from : entries) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, from.name.c_str());
    archive_entry_set_filetype(entry, from.type);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(from.contents.size()));
    if (!from.symbolic_link.empty()) archive_entry_set_symlink(entry, from.symbolic_link.c_str());
    if (!from.hard_link.empty()) archive_entry_set_hardlink(entry, from.hard_link.c_str());
    archive_write_header(tar, entry);
    archive_write_data(tar, from.contents.data(), from.contents.size());
    archive_entry_free(entry);
  }
  archive_write_free(tar);
}

}  // namespace evenkeel
