#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

namespace evenkeel {

/// How long a server may take, and how often a transfer is tried again.
struct TransferLimits {
  std::chrono::seconds connect_timeout{30};
  std::chrono::seconds stall_timeout{30};       ///< without a byte
  std::chrono::seconds rate_window{60};         ///< over which the mean rate is measured
  std::int64_t least_rate = 1000;               ///< bytes per second; a slower server is given up, without another try
  int retries = 5;                              ///< after a broken transfer; each continues where that ended
  std::chrono::milliseconds retry_pause{1000};  ///< before each
};

struct DownloadOptions {
  TransferLimits limits = {};
  std::function<void(std::int64_t bytes)> progress = {};  ///< bytes that have arrived so far
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();  ///< of all tries
  std::stop_token stop = {};
};

/// Downloads `url` (http, https, file), which has `bytes` bytes, into the file `part`. If an earlier download of the
/// same address broke, it continues, provided that the server supports ranges and still has the same file; else it
/// begins again. Returns false if stopped. Throws Error if it fails; what has arrived stays in `part`, and the next
/// call continues from there, unless the size was wrong. Follows at most five redirects, to http and https.
bool download(const std::string& url, const std::filesystem::path& part, std::int64_t bytes,
              const DownloadOptions& options);

}  // namespace evenkeel
