#include "evenkeel/runs/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/file.h"

namespace evenkeel {
namespace {

std::filesystem::path lock_in(const std::filesystem::path& folder) { return folder / ".lock"; }

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder) {
  formats::make_folder(folder);
  file_ = formats::Descriptor(::open(lock_in(folder).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!file_.is_open())
    throw Error{{.kind = kind_of_failure(errno),
                 .where = folder.string(),
                 .expected = "a folder that can be written",
                 .received = formats::system_message(errno)}};
  if (flock(file_.number(), LOCK_EX | LOCK_NB) != 0)
    throw Error{{.kind = Error::environment,
                 .where = folder.string(),
                 .expected = "a run folder that no other process works in",
                 .received = errno == EWOULDBLOCK ? "one that does" : formats::system_message(errno),
                 .hint = "Wait for the other run, or choose another --out."}};
  formats::remove_temporary_files(folder);
}

bool FolderLock::was_in(const std::filesystem::path& folder) { return formats::exists(lock_in(folder)); }

}  // namespace evenkeel
