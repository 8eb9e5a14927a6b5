#include "evenkeel/formats/isolated.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "evenkeel/base/error.h"
#include "evenkeel/formats/descriptor.h"

namespace evenkeel::formats {
namespace {

// The last byte of what the process writes: without it, the process did not come to its end.
constexpr std::byte kResult{1}, kRefusal{2};
constexpr char kPart = '\0';

void limit_to(int resource, std::uint64_t most) {
  const rlimit limit{most, most};
  ::setrlimit(static_cast<__rlimit_resource_t>(resource), &limit);
}

/// Bytes of address space that this process has; 0 if the system does not say.
std::uint64_t address_space() {
  unsigned long long pages = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (!file) return 0;
  const bool read = std::fscanf(file, "%llu", &pages) == 1;  // NOLINT(cert-err34-c): the system's own text
  std::fclose(file);
  return read ? pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

/// In the new process: its faults end it at once, whatever handlers this program has, and leave no core behind.
void confine(const ProcessLimits& limits) {
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU, SIGXFSZ, SIGALRM, SIGTRAP, SIGPIPE})
    std::signal(fault, SIG_DFL);
  // Whoever interrupts the program speaks to the process that waits for this one.
  for (const int request : {SIGINT, SIGTERM, SIGHUP}) std::signal(request, SIG_IGN);
  limit_to(RLIMIT_CORE, 0);
  limit_to(RLIMIT_CPU, limits.seconds);
  if (const std::uint64_t now = address_space(); now > 0) limit_to(RLIMIT_AS, now + limits.memory);
}

Bytes refusal(const Error& error) {
  const Error::Parts& parts = error.parts();
  Bytes bytes;
  append_little(bytes, static_cast<std::uint32_t>(parts.kind));
  for (const std::string* part : {&parts.where, &parts.expected, &parts.received, &parts.hint}) {
    append(bytes, view_of(*part));
    bytes.push_back(static_cast<std::byte>(kPart));
  }
  bytes.push_back(kRefusal);
  return bytes;
}

Error refusal_in(BytesView bytes) {
  Error::Parts parts{.kind = static_cast<Error::Kind>(load_little<std::uint32_t>(bytes.data()))};
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  text.remove_prefix(sizeof(std::uint32_t));
  for (std::string* part : {&parts.where, &parts.expected, &parts.received, &parts.hint}) {
    *part = text.substr(0, text.find(kPart));
    text.remove_prefix(std::min(text.size(), part->size() + 1));
  }
  return Error{parts};
}

/// What the process makes, with its last byte.
Bytes outcome(FunctionRef<Bytes()> work) {
  try {
    Bytes result = work();
    result.push_back(kResult);
    return result;
  } catch (const std::exception& exception) {
    return refusal(as_error(exception));
  }
}

void write_outcome(int to, BytesView bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(to, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return;
    if (written > 0) bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

/// Everything that comes from the process, or empty if that is more than `limit`.
Bytes all_of(int from, std::uint64_t limit) {
  Bytes bytes;
  constexpr std::size_t kPiece = 1 << 16;
  std::size_t size = 0;
  while (size <= limit) {
    bytes.resize(std::max(size + kPiece, bytes.size()));
    const auto got = ::read(from, bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      bytes.resize(size);
      return bytes;
    }
    size += static_cast<std::size_t>(got);
    if (size == bytes.size()) bytes.resize(2 * size);
  }
  return {};
}

}  // namespace

Bytes isolated(FunctionRef<Bytes()> work, const ProcessLimits& limits, const std::string& where,
               const std::string& damaged) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Error{{.kind = Error::environment, .where = where, .received = "no pipe: " + system_message(errno)}};
  Descriptor from(ends[0]), to(ends[1]);
  const pid_t child = ::fork();
  if (child < 0)
    throw Error{{.kind = Error::environment, .where = where, .received = "no process: " + system_message(errno)}};
  if (child == 0) {
    from.close();
    confine(limits);
    write_outcome(to.number(), outcome(work));
    ::_exit(0);
  }
  to.close();
  Bytes bytes = all_of(from.number(), limits.result);
  from.close();
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  const std::byte last = bytes.empty() ? std::byte{0} : bytes.back();
  if (last == kRefusal && bytes.size() > sizeof(std::uint32_t))
    throw refusal_in(BytesView(bytes).first(bytes.size() - 1)).inside(where);
  if (last != kResult) throw Error{{.where = where, .received = damaged}};
  bytes.pop_back();
  return bytes;
}

}  // namespace evenkeel::formats
