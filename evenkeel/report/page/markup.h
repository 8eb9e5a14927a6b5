#pragma once

#include <string>
#include <string_view>

namespace evenkeel {

/// The text escaped for HTML, SVG and XML, between tags and in quoted attributes; what they do not allow is printable.
std::string escaped(std::string_view text);
/// The same, with text between backquotes in <code>. A single backquote stays as it is.
std::string marked_up(std::string_view text);
/// The text without backquotes, for attributes.
std::string plain(std::string_view text);

/// A number for people, with six digits: "10000", "0.974", "2.5·10⁻⁷". Whole numbers have all digits: "1234567". NaN is
/// "none".
std::string readable(double value);

}  // namespace evenkeel
