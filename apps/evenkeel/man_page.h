#pragma once

#include <string>

#include "command_tree.h"

namespace evenkeel::app {

/// A command's manual page (man-pages(7)) for troff; `program` is the tree that the command belongs to.
std::string man_page(const CommandInfo& command, const CommandInfo& program);

/// "evenkeel-data-fetch.1"
std::string man_page_file(const CommandInfo& command);

}  // namespace evenkeel::app
