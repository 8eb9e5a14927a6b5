#pragma once

#include <string>
#include <string_view>

namespace evenkeel::formats {

/// Throws Error, with `where` and the line, if tables and lists in the text of a TOML file are nested deeper than
/// limits::kNesting, in brackets or by dots: a parser may call itself for each level. Text that is not TOML may pass.
void check_nesting_of_toml(std::string_view text, const std::string& where);

}  // namespace evenkeel::formats
