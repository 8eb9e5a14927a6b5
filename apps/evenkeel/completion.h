#pragma once

#include <string>

#include "command_tree.h"

namespace evenkeel::app {

// Scripts that complete commands, flags and their values in a shell, for the program at the root of the tree.
std::string bash_completion(const CommandInfo& program);
std::string zsh_completion(const CommandInfo& program);
std::string fish_completion(const CommandInfo& program);

}  // namespace evenkeel::app
