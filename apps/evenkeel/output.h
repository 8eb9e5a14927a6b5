#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

// Everything that the program prints goes through here; a test of the house holds that.

namespace evenkeel::app {

/// Opens /dev/null in place of each of the descriptors 0 to 2 that is closed. Call it before anything opens a file: the
/// file would get that number, and what is printed would be written into it. Signals no longer end the program where
/// a pipe is closed or a file becomes too large: writing reports it.
void open_standard_streams();

/// The reader of stdout has closed the pipe, as `| head` does. The program then ends without a message.
struct ReaderGone {};

/// Writes to stdout what the user asked for. Throws Error where it cannot be written (it may be as late as
/// flush_output), or ReaderGone.
void print_text(std::string_view text);
template <class... Arguments>
void print(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  print_text(fmt::format(format, std::forward<Arguments>(arguments)...));
}
/// A result that did not reach its reader is a failure.
void flush_output();

/// Writes to stderr: progress, notes, warnings, errors. What cannot be written is lost; the work goes on.
void tell_text(std::string_view text) noexcept;
template <class... Arguments>
void tell(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  tell_text(fmt::format(format, std::forward<Arguments>(arguments)...));
}

}  // namespace evenkeel::app
