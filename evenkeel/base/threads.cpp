#include "evenkeel/base/threads.h"

#include <omp.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

/// libgomp ends the process if it cannot start a thread. So as many are started here first, to see that it can.
void rehearse(int count) {
  static std::atomic<int> most = 1;
  if (count <= most) return;
  std::mutex gate;
  std::vector<std::jthread> threads;
  const std::lock_guard closed(gate);  // until all of them live
  try {
    while (std::ssize(threads) + 1 < count) threads.emplace_back([&gate] { const std::lock_guard passed(gate); });
  } catch (const std::system_error& error) {
    throw as_error(error);
  }
  most = count;
}

std::size_t own_stack() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return kLeastStack;
  std::size_t bytes = kLeastStack;
  pthread_attr_getstacksize(&attributes, &bytes);
  pthread_attr_destroy(&attributes);
  return bytes;
}

/// The size of the team that OpenMP gives when it is asked for `count`.
int granted(int count) {
  if (count == 1) return 1;
  omp_set_dynamic(0);  // else it would depend on the load
  rehearse(std::min(count, omp_get_thread_limit()));
  int size = 1;
  std::size_t stack = kLeastStack;
#pragma omp parallel num_threads(count) reduction(min : stack)
  if (omp_get_thread_num() == 0)
    size = omp_get_num_threads();
  else
    stack = own_stack();
  if (stack < kLeastStack)
    throw Error{{.kind = Error::environment,
                 .where = "the stack of OpenMP's threads",
                 .expected = std::to_string(kLeastStack) + " bytes",
                 .received = std::to_string(stack),
                 .hint = "Set OMP_STACKSIZE to 1M, or not at all."}};
  return size;
}

}  // namespace

// Not sched_getaffinity: OMP_PROC_BIND leaves the calling thread one of the cores.
int usable_cores() { return std::max(1, omp_get_num_procs()); }

Threads::Threads(int count) : count_(count == 0 ? usable_cores() : count) {
  if (count < 0)
    throw Error{
        {.where = "threads", .expected = "a count of 0 (all cores) or more", .received = std::to_string(count)}};
  count_ = granted(count_);
}

Threads Threads::bound() {
  Threads threads(1);
  threads.count_ = std::max(1, omp_get_max_threads());
  return threads;
}

void Threads::bind() const {
  if (count_ > 1 && omp_get_active_level() >= omp_get_max_active_levels())
    throw Error{{.where = "threads",
                 .expected = std::to_string(count_) + ", for which this was prepared",
                 .received = "a parallel region of OpenMP, in which there is one",
                 .hint = "Prepare it with one thread, or inside that region."}};
  omp_set_dynamic(0);
  omp_set_num_threads(count_);
}

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
