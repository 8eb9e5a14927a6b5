// Preloaded into a program (LD_PRELOAD), this counts the calls that change files below a folder, and lets something
// happen at the n-th:
//
//   FAULT_UNDER=FOLDER   absolute
//   FAULT_LOG=FILE       a line for each of these calls; outside of the folder
//   FAULT_AT=N           from 1; 0 or unset: never
//   FAULT_ON=            kill    a write writes half of its bytes first
//                        short   a write writes half of its bytes, once
//                        stop    the process stops until SIGCONT
//                        signal N / signals N   a signal, once or twice
//                        error N / errors N     the call fails with this errno; or this one and all after it do
//   FAULT_SLOW=N         every one of these calls first waits N milliseconds
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

namespace {

std::string text_of(const char* variable) {
  const char* value = std::getenv(variable);
  return value ? value : "";
}

struct Plan {
  std::string under = text_of("FAULT_UNDER"), what = text_of("FAULT_ON");
  long at = std::atol(text_of("FAULT_AT").c_str());
  int log = static_cast<int>(
      syscall(SYS_openat, AT_FDCWD, text_of("FAULT_LOG").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  int number = std::atoi(what.substr(std::min(what.find(' '), what.size())).c_str());
  timespec waits{.tv_sec = 0, .tv_nsec = 1'000'000 * std::atol(text_of("FAULT_SLOW").c_str())};
  std::atomic<long> calls = 0;

  bool is(std::string_view action) const { return what.substr(0, what.find(' ')) == action; }
};

Plan& plan() {
  static Plan plan;
  return plan;
}

std::string path_of(int file) {
  char link[32], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t n = readlink(link, path, sizeof path);
  return n < 0 ? std::string() : std::string(path, static_cast<std::size_t>(n));
}

std::string absolute(int folder, const char* path) {
  if (path[0] == '/') return path;
  if (folder != AT_FDCWD) return path_of(folder) + '/' + path;
  char here[4096];
  return std::string(getcwd(here, sizeof here) ? here : "") + '/' + path;
}

enum class Fate { as_usual, half, fails };

/// Counts the call, and says what is to become of it; errno is set where it fails.
Fate count(const char* call, const std::string& path) {
  Plan& p = plan();
  if (p.under.empty() || !path.starts_with(p.under)) return Fate::as_usual;
  if (path.size() > p.under.size() && path[p.under.size()] != '/') return Fate::as_usual;
  const long n = ++p.calls;
  const std::string line = std::string(call) + ' ' + path + '\n';
  syscall(SYS_write, p.log, line.data(), line.size());
  if (p.waits.tv_nsec > 0) nanosleep(&p.waits, nullptr);
  if (p.is("errors") && p.at > 0 && n >= p.at) {
    errno = p.number;
    return Fate::fails;
  }
  if (n != p.at) return Fate::as_usual;
  if (p.is("stop")) kill(getpid(), SIGSTOP);
  for (int i = 0; i < (p.is("signals") ? 2 : p.is("signal") ? 1 : 0); ++i) kill(getpid(), p.number);
  if (p.is("kill") || p.is("short")) return Fate::half;
  if (!p.is("error")) return Fate::as_usual;
  errno = p.number;
  return Fate::fails;
}

[[noreturn]] void die() {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

template <class F>
F* next(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

/// A call that changes names or sizes: it is made, fails, or is the last one.
template <class F, class... A>
int call(const char* name, const std::string& path, A... arguments) {
  F* const real = next<F>(name);  // not static: calls with the same arguments share this function
  const Fate fate = count(name, path);
  if (fate == Fate::fails) return -1;
  if (fate == Fate::half && plan().is("kill")) die();
  return real(arguments...);
}

bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT) != 0; }

int open_at(const char* name, int folder, const char* path, int flags, mode_t mode) {
  if (!writes(flags)) return static_cast<int>(syscall(SYS_openat, folder, path, flags, mode));
  const Fate fate = count(name, absolute(folder, path));
  if (fate == Fate::fails) return -1;
  if (fate == Fate::half && plan().is("kill")) die();
  return static_cast<int>(syscall(SYS_openat, folder, path, flags, mode));
}

mode_t mode_of(int flags, va_list rest) { return (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0; }

}  // namespace

extern "C" {

#define OPEN(name)                                      \
  int name(const char* path, int flags, ...) {          \
    va_list rest;                                       \
    va_start(rest, flags);                              \
    const mode_t mode = mode_of(flags, rest);           \
    va_end(rest);                                       \
    return open_at(#name, AT_FDCWD, path, flags, mode); \
  }
#define OPENAT(name)                                       \
  int name(int folder, const char* path, int flags, ...) { \
    va_list rest;                                          \
    va_start(rest, flags);                                 \
    const mode_t mode = mode_of(flags, rest);              \
    va_end(rest);                                          \
    return open_at(#name, folder, path, flags, mode);      \
  }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int file, const void* data, size_t size) {
  static auto* const real = next<ssize_t(int, const void*, size_t)>("write");
  const Fate fate = count("write", path_of(file));
  if (fate == Fate::fails) return -1;
  if (fate == Fate::as_usual) return real(file, data, size);
  const ssize_t written = size > 1 ? real(file, data, size / 2) : 0;
  if (plan().is("kill")) die();
  return size > 1 ? written : real(file, data, size);
}

int close(int file) {
  static auto* const real = next<int(int)>("close");
  const Fate fate = writes(fcntl(file, F_GETFL)) ? count("close", path_of(file)) : Fate::as_usual;
  if (fate == Fate::half && plan().is("kill")) die();
  const int error = errno;
  const int result = real(file);
  if (fate != Fate::fails) return result;
  errno = error;
  return -1;
}

// Not made: what is written survives the death of its process, and only the power's end is seen by a disk.
int fsync(int file) {
  const Fate fate = count("fsync", path_of(file));
  if (fate == Fate::half && plan().is("kill")) die();
  return fate == Fate::fails ? -1 : 0;
}
int ftruncate(int file, off_t size) noexcept { return call<int(int, off_t)>("ftruncate", path_of(file), file, size); }
int ftruncate64(int file, off64_t size) noexcept {
  return call<int(int, off64_t)>("ftruncate64", path_of(file), file, size);
}
int rename(const char* from, const char* to) noexcept {
  return call<int(const char*, const char*)>("rename", absolute(AT_FDCWD, to), from, to);
}
int renameat2(int from_in, const char* from, int to_in, const char* to, unsigned flags) noexcept {
  return call<int(int, const char*, int, const char*, unsigned)>("renameat2", absolute(to_in, to), from_in, from, to_in,
                                                                 to, flags);
}
int mkdir(const char* path, mode_t mode) noexcept {
  return call<int(const char*, mode_t)>("mkdir", absolute(AT_FDCWD, path), path, mode);
}
int unlink(const char* path) noexcept { return call<int(const char*)>("unlink", absolute(AT_FDCWD, path), path); }
int unlinkat(int folder, const char* path, int flags) noexcept {
  return call<int(int, const char*, int)>("unlinkat", absolute(folder, path), folder, path, flags);
}
int rmdir(const char* path) noexcept { return call<int(const char*)>("rmdir", absolute(AT_FDCWD, path), path); }
int remove(const char* path) noexcept { return call<int(const char*)>("remove", absolute(AT_FDCWD, path), path); }
int fchmod(int file, mode_t mode) noexcept { return call<int(int, mode_t)>("fchmod", path_of(file), file, mode); }
}
