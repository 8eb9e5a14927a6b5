#pragma once

#include <string>
#include <string_view>

namespace evenkeel {

/// As HTML and SVG may contain it, between tags and in quoted attributes.
std::string escaped(std::string_view text);
/// The same, and what stands between backquotes in <code>. A backquote without its partner stays one.
std::string marked_up(std::string_view text);
/// The same text without backquotes: for attributes.
std::string plain(std::string_view text);

/// A number for people, of six digits: "10000", "0.974", "2.5·10⁻⁷"; a whole one in full: "1234567"; "none" for NaN.
std::string readable(double value);

}  // namespace evenkeel
