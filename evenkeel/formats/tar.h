#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace evenkeel::formats {

/// Called with the number of bytes of the archive that are done; returns false to stop.
using GoOn = std::function<bool(std::uint64_t done)>;

/// Unpacks a tar archive, plain or gzip, below `folder`, which is made if it does not exist. Each file is synced.
/// Returns false if `go_on` stopped it. Throws Error, with the archive and the entry as where, for an entry that could
/// write elsewhere (an absolute name, ".."), is neither file nor folder (links, devices) or has holes (a sparse file);
/// for a damaged archive; for a full disk. Files that were unpacked before the error stay in `folder`.
bool unpack_tar(const std::filesystem::path& archive, const std::filesystem::path& folder, const GoOn& go_on);

}  // namespace evenkeel::formats
