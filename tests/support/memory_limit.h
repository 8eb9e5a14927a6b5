#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>

namespace evenkeel {

/// While this lives, at most `bytes` more can be allocated: what asks for more gets std::bad_alloc, which is no Error.
/// Under AddressSanitizer, which keeps what was freed, nothing is limited.
class MemoryLimit {
 public:
  explicit MemoryLimit(rlim_t bytes) {
    getrlimit(RLIMIT_AS, &old_);
#ifndef __SANITIZE_ADDRESS__
    const rlimit limit{address_space() + bytes, old_.rlim_max};
    setrlimit(RLIMIT_AS, &limit);
#endif
  }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;
  ~MemoryLimit() { setrlimit(RLIMIT_AS, &old_); }

 private:
  static rlim_t address_space() {
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
  }
  rlimit old_{};
};

}  // namespace evenkeel
