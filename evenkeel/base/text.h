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

/// UTF-8 that every reader shows as it is, for terminals, JSON and pages: other bytes and the control characters of
/// ASCII become "\\xe9" and "\\x0a", those of Unicode "\\u0085"; so do characters that reverse the direction of the
/// text after them, and those that XML forbids. File names may have any bytes. Text that was printable does not change.
std::string printable(std::string_view text);
/// The same for text of several lines: "\\n" and "\\t" stay.
std::string printable_lines(std::string_view text);

/// A basic string of TOML, in quotes, that reads back as the text. TOML has escapes for characters, not for bytes:
/// those that are not UTF-8 become the four characters "\\xe9".
std::string toml_string(std::string_view text);

/// The text of JSON with JSON's own escapes for what printable escapes, beyond ASCII: it reads back as the same.
std::string printable_json(std::string_view json);

/// A cell of a CSV file in the form of RFC 4180, printable.
std::string csv_cell(std::string_view text);

/// The text if it has at most `bytes` bytes, else its beginning and how much was left out. No character is cut.
std::string shortened(std::string_view text, std::size_t bytes);

/// An address without user and password, for messages and records: "https://me:secret@host/a" -> "https://host/a".
std::string without_credentials(std::string_view url);

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
