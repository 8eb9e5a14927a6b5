#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace evenkeel::app {

// What the program's end says to whoever called it (docs/exit-codes.md).
inline constexpr int kDone = 0, kCheckFailed = 1, kWrongInput = 2, kEnvironmentFailed = 3, kNotSupported = 4,
                     kFault = 70, kInterrupted = 130;

/// The same as a table for --help.
inline constexpr std::string_view kExitCodes =
    "Exit codes:\n"
    "  0    done\n"
    "  1    a check that was asked for did not hold\n"
    "  2    the input is wrong: a flag, a file, a shape\n"
    "  3    the environment failed: disk, memory, permission, network\n"
    "  4    not supported by this version or this processor\n"
    "  70   a fault of Evenkeel; the message says what to report\n"
    "  130  interrupted; what was done is saved";

/// How the program ends after an exception.
struct Failure {
  int code;
  std::string message;  ///< for stderr; empty if nothing is to be said
};

/// Exit code and message of an exception that reached the program. A fault of ours says what a report needs:
/// `command_line` is as it was given.
Failure failure_of(const std::exception_ptr& exception, char* const* command_line) noexcept;

}  // namespace evenkeel::app
