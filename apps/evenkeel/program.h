#pragma once

namespace evenkeel::app {

/// The program, with its command line as main gets it: the words, the first of them its name, and a null pointer.
/// Returns the exit code. It takes SIGINT and SIGTERM, and is called once in a process.
int run_program(char** command_line);

}  // namespace evenkeel::app
