#pragma once

#include <cstdint>
#include <string>

#include "evenkeel/base/threads.h"
#include "evenkeel/formats/bytes.h"

namespace evenkeel::formats {

/// What a process of its own may use.
struct ProcessLimits {
  std::uint64_t memory = std::uint64_t{1} << 30;  ///< bytes beyond what this process has
  std::uint64_t result = std::uint64_t{1} << 30;  ///< bytes of the result
  unsigned seconds = 20;                          ///< of processor time
};

/// Calls `work` in a forked process and returns its result. For C libraries that crash, or never end, on some damaged
/// files. `work` sees this process's memory as it is now; nothing that it changes is seen here. It must need no other
/// thread. An Error that it throws is thrown here. Throws Error, with `where`, if the process ends in another way: then
/// `damaged` is what that says of the file.
Bytes isolated(FunctionRef<Bytes()> work, const ProcessLimits& limits, const std::string& where,
               const std::string& damaged);

}  // namespace evenkeel::formats
