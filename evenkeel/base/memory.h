#pragma once

#include <cstdint>
#include <filesystem>

namespace evenkeel {

/// Bytes this process may still take: what the system has left (MemAvailable), or what its control groups leave of
/// their limits where that is less. More than any machine has where neither says. `root` stands for / in tests.
std::int64_t available_memory(const std::filesystem::path& root = "/");

/// Bytes of this process that are in memory now (the resident set); 0 where the system does not say.
std::int64_t resident_memory();

}  // namespace evenkeel
