#include "evenkeel/base/shell.h"

namespace evenkeel {

std::string shell_quoted(std::string_view word) {
  constexpr std::string_view kPlain = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-./:,+@";
  if (!word.empty() && word.find_first_not_of(kPlain) == word.npos) return std::string(word);
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
