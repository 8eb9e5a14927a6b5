#pragma once

#include <cstdint>
#include <filesystem>

namespace evenkeel {

/// Bytes this process may still take: what the system has left (MemAvailable), or what the limits of its control groups
/// or on its address space leave, if that is less. Where neither is known, more than any machine has. `root` stands for
/// / in tests.
std::int64_t available_memory(const std::filesystem::path& root = "/");

/// Bytes of this process that are in memory now (the resident set); 0 where the system does not report it.
std::int64_t resident_memory();

}  // namespace evenkeel
