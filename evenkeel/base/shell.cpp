#include "evenkeel/base/shell.h"

#include <fmt/format.h>

#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

/// $'...' of bash and zsh: bytes that a terminal would not show are written in octal digits, which, unlike hexadecimal
/// ones, end after three.
std::string escaped_for_shell(std::string_view word) {
  std::string quoted = "$'";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\')
      quoted += std::string("\\") + c;
    else if (byte < 0x20 || byte >= 0x7f)
      quoted += fmt::format("\\{:03o}", byte);
    else
      quoted += c;
  }
  return quoted + '\'';
}

}  // namespace

std::string shell_quoted(std::string_view word) {
  constexpr std::string_view kPlain = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-./:,+@";
  if (!word.empty() && word.find_first_not_of(kPlain) == word.npos) return std::string(word);
  if (printable(word) != word) return escaped_for_shell(word);
  std::string quoted = "'";
  for (const char c : word)
    if (c == '\'')
      quoted += "'\\''";  // a quote cannot be inside quotes
    else
      quoted += c;
  return quoted + '\'';
}

std::string shell_flag(std::string_view flag, std::string_view value) {
  return value.empty() ? std::string() : ' ' + std::string(flag) + ' ' + shell_quoted(value);
}

}  // namespace evenkeel
