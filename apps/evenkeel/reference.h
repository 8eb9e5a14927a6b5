#pragma once

#include <string>

#include "command_tree.h"

namespace evenkeel::app {

// The pages of docs/reference/, as Markdown; each is made from the descriptions that the program itself uses.
std::string commands_reference(const CommandInfo& program);
std::string layers_reference();
std::string training_reference();

}  // namespace evenkeel::app
