#include "evenkeel/data/staging.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>
#include <vector>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/file.h"

namespace evenkeel {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

std::vector<fs::path> names_in(const fs::path& folder) {
  std::vector<fs::path> names;
  std::error_code problem;
  for (fs::directory_iterator entry(folder, problem), end; !problem && entry != end; entry.increment(problem))
    names.push_back(entry->path().filename());
  if (problem)
    throw Error{{.kind = kind_of_failure(problem),
                 .where = folder.string(),
                 .expected = "a readable folder",
                 .received = problem.message()}};
  return names;
}

/// The folder, opened and locked; not open if another process removed it between opening and locking.
formats::Descriptor lock(const fs::path& path) {
  formats::make_folder(path);
  formats::Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) {
    if (errno == ENOENT) return {};
    throw formats::unwritten(path.string(), errno);
  }
  if (flock(folder.number(), LOCK_EX | LOCK_NB) != 0)
    throw Error{{.kind = Error::environment,
                 .where = path.string(),
                 .received = errno == EWOULDBLOCK ? "another process is fetching this set"
                                                  : "it cannot be locked: " + formats::system_message(errno),
                 .hint = errno == EWOULDBLOCK ? "Try again when it is done." : ""}};
  struct stat opened {
  }, named{};
  const bool same = fstat(folder.number(), &opened) == 0 && stat(path.c_str(), &named) == 0 &&
                    opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
  return same ? std::move(folder) : formats::Descriptor();
}

fs::path resolved(const fs::path& path) {
  std::error_code problem;
  const fs::path result = fs::weakly_canonical(fs::absolute(path), problem);
  return problem ? path : result;
}

fs::path free_name(const fs::path& target) {
  for (int i = 1;; ++i)
    if (const fs::path name = fmt::format("{}.replaced-{}", target.string(), i); !is_there(name)) return name;
}

/// Exchanges the two folders, in one step if the file system can.
void exchange(const fs::path& aside, const fs::path& target) {
  if (renameat2(AT_FDCWD, aside.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0) return;
  const fs::path between = aside.string() + ".part";
  formats::rename_path(target, between);
  if (std::rename(aside.c_str(), target.c_str()) != 0) {
    const int error = errno;
    formats::rename_path(between, target);
    throw formats::unwritten(target.string(), error);
  }
  formats::rename_path(between, aside);
}

}  // namespace

StagingFolder::StagingFolder(const fs::path& target) : target_(resolved(target)), path_(target_.string() + ".part") {
  while (!lock_.is_open()) lock_ = lock(path_);
}

StagingFolder::~StagingFolder() {
  std::error_code ignored;
  if (lock_.is_open()) fs::remove(path_, ignored);
}

fs::path StagingFolder::place(const fs::path& folder) const {
  formats::sync_folder(folder);
  const std::vector<fs::path> names = names_in(folder);
  fs::path aside;
  if (!is_there(target_)) {
    formats::rename_path(folder, target_);
  } else if (std::ranges::any_of(names, [&](const fs::path& name) { return is_there(target_ / name); })) {
    aside = free_name(target_);
    formats::rename_path(folder, aside);
    exchange(aside, target_);
  } else {
    for (const fs::path& name : names) formats::rename_path(folder / name, target_ / name);
    formats::sync_folder(target_);
  }
  formats::sync_folder(target_.parent_path());
  return aside;
}

void StagingFolder::remove() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

ScratchFolder::ScratchFolder(fs::path path) : path_(std::move(path)) {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  formats::make_folder(path_);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace evenkeel
