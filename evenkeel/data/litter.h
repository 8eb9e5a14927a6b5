#pragma once

#include <string>
#include <string_view>

namespace evenkeel {

/// What systems and editors leave in folders of other files, by its name: "Thumbs.db", ".ipynb_checkpoints", "hidden".
/// Empty for all else.
std::string kind_of_litter(std::string_view name);

}  // namespace evenkeel
