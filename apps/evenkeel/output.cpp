#include "output.h"

#include <fcntl.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>

#include "evenkeel/base/error.h"

namespace evenkeel::app {
namespace {

bool is_silent = false;

[[noreturn]] void refuse_output(int error) {
  if (error == EPIPE) throw ReaderGone();
  throw Error{
      {.kind = Error::environment, .where = "standard output", .received = std::generic_category().message(error)}};
}

}  // namespace

void open_standard_streams() {
  // The lowest free number is the one that open() takes.
  for (int number = 0; number <= 2; ++number)
    if (fcntl(number, F_GETFD) < 0) static_cast<void>(open("/dev/null", O_RDWR));
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void be_silent(bool silent) { is_silent = silent; }

void print_text(std::string_view text) {
  if (is_silent) return;
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) refuse_output(errno);
}

void flush_output() {
  if (std::fflush(stdout) != 0) refuse_output(errno);
}

void tell_text(std::string_view text) noexcept {
  if (is_silent) return;
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace evenkeel::app
