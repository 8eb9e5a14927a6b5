#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace evenkeel::formats {

/// Called with the bytes of the archive that are done; false stops.
using GoOn = std::function<bool(std::uint64_t done)>;

/// Unpacks a tar archive, plain or gzip, below `folder`, which is made if it does not exist. Each file is synced.
/// Returns false if `go_on` stopped it. Throws Error, with the archive and the entry as where, for an entry that could
/// write elsewhere (an absolute name, "..") or is neither file nor folder (links, devices); for a damaged archive; for
/// a full disk. What was unpacked until then stays in `folder`.
bool unpack_tar(const std::filesystem::path& archive, const std::filesystem::path& folder, const GoOn& go_on);

}  // namespace evenkeel::formats
