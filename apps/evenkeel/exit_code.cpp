#include "exit_code.h"

#include <fmt/format.h>

#include <new>

#include "evenkeel/base/cpu.h"
#include "evenkeel/base/error.h"
#include "evenkeel/base/shell.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/version.h"
#include "output.h"

namespace evenkeel::app {
namespace {

int code_of(Error::Kind kind) {
  switch (kind) {
    case Error::input: return kWrongInput;
    case Error::environment: return kEnvironmentFailed;
    case Error::unsupported: return kNotSupported;
    case Error::internal: break;
  }
  return kFault;
}

Error error_of(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return as_error(error);
  } catch (...) {
    return Error{{.kind = Error::internal, .received = "an exception of an unknown type"}};
  }
}

std::string report_of(const Error& error, char* const* command_line) {
  std::string command;
  for (; *command_line; ++command_line)
    command += (command.empty() ? "" : " ") + shell_quoted(without_credentials(*command_line));
  const Machine& machine = Machine::here();
  return fmt::format(
      "{}\n"
      "This is a fault of Evenkeel, not of your input. Please report it with these lines, and with the model file:\n"
      "  version  {} on {} ({})\n"
      "  command  {}\n"
      "docs/exit-codes.md says where to look before.",
      error.what(), kVersion, machine.cpu, machine.features(), command);
}

}  // namespace

Failure failure_of(const std::exception_ptr& exception, char* const* command_line) noexcept {
  try {
    std::rethrow_exception(exception);
  } catch (const ReaderGone&) {
    return {.code = kEnvironmentFailed, .message = {}};
  } catch (...) {
  }
  try {
    const Error error = error_of(exception);
    return {.code = code_of(error.kind()),
            .message = error.kind() == Error::internal ? report_of(error, command_line) : error.what()};
  } catch (const std::bad_alloc&) {
    return {.code = kEnvironmentFailed, .message = "no memory"};  // so short that it takes none
  }
}

}  // namespace evenkeel::app
