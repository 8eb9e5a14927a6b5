#include "evenkeel/base/threads.h"

#include <fmt/format.h>
#include <omp.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <limits>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "evenkeel/base/control_groups.h"
#include "evenkeel/base/error.h"

namespace evenkeel {
namespace {

/// The stack that OpenMP's threads are asked to have, as libgomp reads it; nothing for the system's usual one.
std::optional<std::size_t> asked_stack() {
  for (const char* variable : {"OMP_STACKSIZE", "GOMP_STACKSIZE"}) {
    const char* text = std::getenv(variable);
    if (text == nullptr) continue;
    std::size_t size = 0;
    char unit = 'K';
    std::istringstream words(text);
    if (!(words >> size)) continue;
    words >> unit;
    const std::size_t power = std::string_view("bkmg").find(static_cast<char>(std::tolower(unit)));
    if (power != std::string_view::npos && size << 10 * power >> 10 * power == size) return size << 10 * power;
  }
  return {};
}

/// libgomp ends the process if it cannot start a thread. So as many, with such stacks, are started here first, to see
/// that it can.
void rehearse(int count) {
  static std::atomic<int> most = 1;
  if (count <= most) return;
  const std::optional<std::size_t> stack = asked_stack();
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (stack) pthread_attr_setstacksize(&attributes, *stack);  // one that is too small stays the usual one, as there
  std::vector<pthread_t> threads(static_cast<std::size_t>(count) - 1);
  std::size_t started = 0;
  int failure = 0;
  std::mutex gate;
  const auto live = [](void* closed) -> void* {
    const std::lock_guard passed(*static_cast<std::mutex*>(closed));
    return nullptr;
  };
  {
    const std::lock_guard closed(gate);  // until all of them live
    while (started < threads.size() && failure == 0) {
      failure = pthread_create(&threads[started], &attributes, live, &gate);
      if (failure == 0) ++started;
    }
  }
  for (std::size_t i = 0; i < started; ++i) pthread_join(threads[i], nullptr);
  pthread_attr_destroy(&attributes);
  if (failure != 0 && stack)
    throw Error{
        {.kind = Error::environment,
         .where = "the stack of OpenMP's threads",
         .expected = fmt::format("a size that {} threads can have", count),
         .received = fmt::format("{} bytes of OMP_STACKSIZE: {}", *stack, std::generic_category().message(failure)),
         .hint = "Set OMP_STACKSIZE to 1M, or not at all."}};
  if (failure != 0) throw as_error(std::system_error(failure, std::generic_category()));
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

/// How many cores' time a control group allows.
double cores_of(const ControlGroup& group) {
  // Microseconds of each period; "max", or -1 in version 1, where there is no limit.
  double quota = 0, period = 0;
  if (group.version == 2)
    std::ifstream(group.folder / "cpu.max") >> quota >> period;
  else if (std::ifstream(group.folder / "cpu.cfs_quota_us") >> quota)
    std::ifstream(group.folder / "cpu.cfs_period_us") >> period;
  return quota > 0 && period > 0 ? quota / period : std::numeric_limits<double>::infinity();
}

double cores_allowed(const std::filesystem::path& root) {
  double cores = std::numeric_limits<double>::infinity();
  for (const ControlGroup& group : control_groups("cpu", root)) cores = std::min(cores, cores_of(group));
  return cores;
}

/// Processes that a launcher (mpirun, srun) started on this machine together with this one; 1 without.
int processes_here() {
  for (const char* name : {"OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"})
    if (const char* text = std::getenv(name))
      if (const int count = std::atoi(text); count > 0) return count;
  return 1;
}

}  // namespace

int usable_cores(const std::filesystem::path& root) {
  static const double here = cores_allowed("/");  // read once: networks ask often
  const double allowed = root == "/" ? here : cores_allowed(root);
  // Not sched_getaffinity: OMP_PROC_BIND leaves the calling thread one of the cores.
  const double cores = std::min<double>(omp_get_num_procs(), allowed);
  // A launcher may bind each process to cores of its own, which OpenMP counts; else the processes share the machine.
  static const int processes = processes_here();
  const double online = static_cast<double>(sysconf(_SC_NPROCESSORS_ONLN));
  const double share = processes > 1 ? std::floor(std::min(online, allowed) / processes) : cores;
  return std::max(1, static_cast<int>(std::ceil(std::min(cores, share))));
}

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
