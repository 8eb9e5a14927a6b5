#pragma once

#include <string>
#include <string_view>

namespace evenkeel {

/// Recognises by its name a file that systems or editors leave in folders: "Thumbs.db", ".ipynb_checkpoints", "hidden".
/// Empty for all other names.
std::string kind_of_litter(std::string_view name);

}  // namespace evenkeel
