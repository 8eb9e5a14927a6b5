#pragma once

#include <fmt/format.h>

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

#include "evenkeel/base/number.h"
#include "evenkeel/base/text.h"

// Everything that the program prints goes through here; a test of the house holds that. What stands in a format is
// ours. What is put into it may come from anywhere: it is made printable (docs/limits.md). print_text and tell_text
// write text that is printable already, or has the program's own escapes for terminals.

namespace evenkeel::app {

/// An argument of several lines, such as a table.
struct Lines {
  std::string text;
};

namespace detail {

template <class T>
requires std::convertible_to<const T&, std::string_view> std::string argument(const T& text) { return printable(text); }
inline std::string argument(const Lines& lines) { return printable_lines(lines.text); }
template <std::floating_point T>
Number argument(T number) {
  return {static_cast<double>(number)};
}
template <class T>
requires(!std::convertible_to<const T&, std::string_view> &&
         !std::floating_point<T>) const T& argument(const T& other) {
  return other;
}

template <class T>
using Argument = decltype(argument(std::declval<const T&>()));

}  // namespace detail

template <class... Arguments>
using Format = fmt::format_string<detail::Argument<Arguments>...>;

/// The format with its arguments made printable, for print and tell.
template <class... Arguments>
std::string formatted(Format<Arguments...> format, const Arguments&... arguments) {
  return fmt::format(format, detail::argument(arguments)...);
}

/// Opens /dev/null in place of each of the descriptors 0 to 2 that is closed. Call it before anything opens a file: the
/// file would get that number, and what is printed would be written into it. Signals no longer end the program where
/// a pipe is closed or a file becomes too large: writing reports it.
void open_standard_streams();

/// The reader of stdout has closed the pipe, as `| head` does. The program then ends without a message.
struct ReaderGone {};

/// Whether what follows is printed at all: of several processes that do the same, one speaks (processes.h).
void be_silent(bool silent);

/// Writes to stdout what the user asked for. Throws Error where it cannot be written (it may be as late as
/// flush_output), or ReaderGone.
void print_text(std::string_view text);
template <class... Arguments>
void print(Format<Arguments...> format, const Arguments&... arguments) {
  print_text(formatted<Arguments...>(format, arguments...));
}
/// A result that did not reach its reader is a failure.
void flush_output();

/// Writes to stderr: progress, notes, warnings, errors. What cannot be written is lost; the work goes on.
void tell_text(std::string_view text) noexcept;
template <class... Arguments>
void tell(Format<Arguments...> format, const Arguments&... arguments) {
  tell_text(formatted<Arguments...>(format, arguments...));
}

}  // namespace evenkeel::app
