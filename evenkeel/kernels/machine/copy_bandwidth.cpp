#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "evenkeel/base/memory.h"
#include "evenkeel/kernels/machine/machine_limits.h"
#include "evenkeel/tensor/tensor.h"

namespace evenkeel::kernels {
namespace {

/// As large as the last-level cache, so that two of them are twice as large. At least 64 MB, in case the system does
/// not report the cache's size; at most an eighth of the available memory.
std::int64_t buffer_bytes() {
  const std::int64_t cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
  return std::min(std::max<std::int64_t>(cache, 64 << 20), available_memory() / 8);
}

}  // namespace

double copy_gbytes_per_s(const Threads& threads) {
  const std::int64_t bytes = buffer_bytes();
  const AlignedBuffer from(static_cast<std::size_t>(bytes)), to(static_cast<std::size_t>(bytes));
  // First written by the thread that copies it, so that its memory is near that thread.
  threads.parallel(bytes, 4096, [&](std::int64_t begin, std::int64_t end, int) {
    std::memset(from.data() + begin, 1, static_cast<std::size_t>(end - begin));
    std::memset(to.data() + begin, 0, static_cast<std::size_t>(end - begin));
  });
  double best = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    threads.parallel(bytes, 4096, [&](std::int64_t begin, std::int64_t end, int) {
      std::memcpy(to.data() + begin, from.data() + begin, static_cast<std::size_t>(end - begin));
    });
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    best = std::max(best, 2 * static_cast<double>(bytes) / seconds / 1e9);
  }
  return best;
}

}  // namespace evenkeel::kernels
