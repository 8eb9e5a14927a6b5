#include "evenkeel/base/threads.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <exception>
#include <string>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

}  // namespace

Threads::Threads(int count) : count_(count == 0 ? usable_cores() : count) {
  if (count < 0)
    throw Error{
        {.where = "threads", .expected = "a count of 0 (all cores) or more", .received = std::to_string(count)}};
}

Threads Threads::bound() { return Threads(std::max(1, omp_get_max_threads())); }

void Threads::bind() const { omp_set_num_threads(count_); }

int Threads::ranges(std::int64_t n, std::int64_t grain) const {
  const std::int64_t grains = (n + grain - 1) / grain;
  return static_cast<int>(std::clamp<std::int64_t>(grains, 1, count_));
}

void Threads::parallel(std::int64_t n, std::int64_t grain,
                       FunctionRef<void(std::int64_t, std::int64_t, int)> body) const {
  if (n <= 0) return;
  const int parts = ranges(n, grain);
  if (parts == 1) {
    body(0, n, 0);
    return;
  }
  const std::int64_t grains = (n + grain - 1) / grain;
  std::exception_ptr failure;
#pragma omp parallel num_threads(parts)
  // An exception that leaves the region would end the process.
  try {
    // If the runtime gives fewer threads than asked for, each takes several parts: the split stays the same.
    for (int part = omp_get_thread_num(); part < parts; part += omp_get_num_threads()) {
      const std::int64_t begin = std::min(n, grains * part / parts * grain);
      const std::int64_t end = std::min(n, grains * (part + 1) / parts * grain);
      if (begin < end) body(begin, end, part);
    }
  } catch (...) {
#pragma omp critical(evenkeel_threads)
    if (!failure) failure = std::current_exception();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace evenkeel
