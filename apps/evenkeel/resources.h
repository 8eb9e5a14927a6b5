#pragma once

#include <CLI/CLI.hpp>

// What a command needs from the system, asked for before it begins.

namespace evenkeel::app {

/// Throws Error if the limit of the stack is too small for any command.
void check_stack();

/// Asks for the threads of a command that has --threads, once for all that it will compute. Says on stderr if the
/// system gives fewer.
void claim_threads(const CLI::App& command);

}  // namespace evenkeel::app
