#pragma once

#include <string>
#include <string_view>

namespace evenkeel {

/// A word of a command that is to be pasted into bash or zsh: in single quotes if one of them would change it
/// ("strokes:test[:600]", a path with a blank), in $'...' with escapes if a terminal would not show all of it.
std::string shell_quoted(std::string_view word);

/// " --flag 'the value'"; empty without a value.
std::string shell_flag(std::string_view flag, std::string_view value);

}  // namespace evenkeel
