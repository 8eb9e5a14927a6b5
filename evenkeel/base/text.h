#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace evenkeel {

/// The known name that was most likely meant by `wanted`, by edit distance (insert, delete, replace, swap neighbours;
/// case does not count); empty if none is near. At most a third of the letters may be wrong, rounded up. Of equally
/// near names the first is returned.
std::string nearest(std::string_view wanted, std::span<const std::string> known);

/// Whether two names differ at most in capitals (of ASCII), "_" and "-": "LeakyReLU" is "leaky_relu".
bool same_name(std::string_view a, std::string_view b);

/// "a, b, c"
std::string join(std::span<const std::string> parts, std::string_view separator = ", ");

/// "a,,b" -> "a", "", "b"
std::vector<std::string_view> split(std::string_view text, char at);

/// UTF-8 without control characters, for output: "caf\xe9\n" in Latin-1 becomes "caf\\xe9\\x0a". File names may have
/// any bytes, but not JSON and terminals.
std::string printable(std::string_view text);

/// The number of characters, not bytes, of UTF-8.
std::size_t characters_in(std::string_view text);

/// The text in lines of at most `width` characters, broken at blanks; lines after the first are indented. A longer word
/// gets a line of its own. Blanks within a line do not change. With width 0 there is one line.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent = 0);

/// "1,234,567"
std::string with_commas(std::int64_t value);

/// "the loss rises" -> "The loss rises."
std::string as_sentence(std::string clause);

}  // namespace evenkeel
