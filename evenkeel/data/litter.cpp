#include "evenkeel/data/litter.h"

#include <algorithm>
#include <array>

namespace evenkeel {
namespace {

/// As they are shown; upper and lower case are alike.
constexpr std::array<std::string_view, 28> kKnown = {"Thumbs.db",   "ehthumbs.db",  "ehthumbs_vista.db",
                                                     "desktop.ini", "Picasa.ini",   "ZbThumbnail.info",
                                                     "Icon\r",      "__MACOSX",     "@eaDir",
                                                     "#recycle",    "$RECYCLE.BIN", "RECYCLER",
                                                     "lost+found",  "__pycache__",  "System Volume Information",
                                                     ".DS_Store",   ".localized",   ".Trashes",
                                                     ".directory",  ".thumbnails",  ".ipynb_checkpoints",
                                                     ".vscode",     ".idea",        ".git",
                                                     ".gitignore",  ".gitkeep",     ".gitattributes",
                                                     ".cache"};

bool is_alike(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

std::string kind_of_litter(std::string_view name) {
  const auto known = std::ranges::find_if(kKnown, [&](std::string_view k) { return is_alike(name, k); });
  if (known != kKnown.end()) return std::string(*known == "Icon\r" ? "Icon" : *known);
  if (name.starts_with("._")) return "._ files of macOS";
  if (name.starts_with('.')) return "hidden";
  const bool is_backup =
      name.ends_with('~') || name.starts_with("~$") || (name.starts_with('#') && name.ends_with('#'));
  return is_backup ? "backups of editors" : "";
}

}  // namespace evenkeel
