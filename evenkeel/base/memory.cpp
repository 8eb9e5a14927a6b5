#include "evenkeel/base/memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "evenkeel/base/control_groups.h"

namespace evenkeel {
namespace {

// Half of the largest number, so that something may be added to it.
constexpr std::int64_t kUnlimited = std::numeric_limits<std::int64_t>::max() / 2;

/// "MemAvailable:   22991360 kB" in a file of such lines.
std::optional<std::int64_t> kilobytes_in(const std::filesystem::path& file, const std::string& key) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key + ':')) continue;
    std::istringstream rest(line.substr(key.size() + 1));
    if (std::int64_t value = 0; rest >> value) return value * 1024;
  }
  return {};
}

/// A file with one number; nothing for "max" (no limit).
std::optional<std::int64_t> number_in(const std::filesystem::path& file) {
  std::ifstream text(file);
  if (std::int64_t value = 0; text >> value) return value;
  return {};
}

/// What a control group has left. Cached files count as used, as the kernel counts them, except those that it would
/// drop first.
std::int64_t left_in(const ControlGroup& group) {
  const bool is_new = group.version == 2;
  const auto most = number_in(group.folder / (is_new ? "memory.max" : "memory.limit_in_bytes"));
  const auto used = number_in(group.folder / (is_new ? "memory.current" : "memory.usage_in_bytes"));
  if (!most || !used) return kUnlimited;
  std::int64_t droppable = 0;
  std::ifstream lines(group.folder / "memory.stat");
  for (std::string key; lines >> key;) {
    std::int64_t value = 0;
    if (!(lines >> value)) break;
    if (key == (is_new ? "inactive_file" : "total_inactive_file")) droppable = value;
  }
  return std::max<std::int64_t>(0, *most - *used + droppable);
}

/// What the limit on the address space leaves (ulimit -v): "Max address space   700000000   unlimited   bytes".
std::int64_t left_of_address_space(const std::filesystem::path& root) {
  constexpr std::string_view kKey = "Max address space";
  std::ifstream lines(root / "proc/self/limits");
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kKey)) continue;
    std::istringstream rest(line.substr(kKey.size()));
    std::int64_t most = 0;
    if (!(rest >> most)) break;  // unlimited
    return std::max<std::int64_t>(0, most - kilobytes_in(root / "proc/self/status", "VmSize").value_or(0));
  }
  return kUnlimited;
}

}  // namespace

std::int64_t available_memory(const std::filesystem::path& root) {
  std::int64_t least =
      std::min(kilobytes_in(root / "proc/meminfo", "MemAvailable").value_or(kUnlimited), left_of_address_space(root));
  for (const ControlGroup& group : control_groups("memory", root)) least = std::min(least, left_in(group));
  return least;
}

std::int64_t resident_memory() { return kilobytes_in("/proc/self/status", "VmRSS").value_or(0); }

}  // namespace evenkeel
