#pragma once

#include <span>
#include <string>
#include <string_view>

namespace evenkeel {

/// The known name that `wanted` most likely misspells, by edit distance (insert, delete, replace, swap neighbours; case
/// does not count); empty if none is near. At most a third of the letters may be wrong, rounded up. Of equally near
/// names the first wins.
std::string nearest(std::string_view wanted, std::span<const std::string> known);

/// "a, b, c"
std::string join(std::span<const std::string> parts, std::string_view separator = ", ");

}  // namespace evenkeel
