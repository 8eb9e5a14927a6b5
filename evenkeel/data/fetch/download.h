#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

namespace evenkeel {

/// How long a server may take.
struct TransferLimits {
  std::chrono::seconds connect_timeout{30};
  std::chrono::seconds stall_timeout{30};       ///< without a byte
  int retries = 5;                              ///< after a transfer that broke, each going on where it was
  std::chrono::milliseconds retry_pause{1000};  ///< before each
};

struct DownloadOptions {
  TransferLimits limits = {};
  std::function<void(std::int64_t bytes)> progress = {};  ///< so many are there now
  std::stop_token stop = {};
};

/// Brings the `bytes` bytes behind `url` (http, https, file) to the file `part`. An earlier download of the same
/// address that broke is gone on with, if the server has ranges and still the same file; else it begins anew.
/// Returns false if stopped. Throws Error where it does not succeed; what came is kept in `part` and the next call goes
/// on from there, unless it is something else (another size). Redirects are followed, five at most, to http and https.
bool download(const std::string& url, const std::filesystem::path& part, std::int64_t bytes,
              const DownloadOptions& options);

}  // namespace evenkeel
