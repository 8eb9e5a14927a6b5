#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

// The commands and their flags as plain data, read from the command line's description. Man pages, completions and the
// reference are made from it.

namespace evenkeel::app {

struct FlagInfo {
  std::vector<std::string> names;  ///< "--quiet"; for a positional argument "MODEL"
  std::string value;               ///< "FILE", "train|evaluate"; empty for a switch
  std::string help, group;
  std::vector<std::string> choices = {};  ///< of its value, if they are known
  bool required = false;
  bool repeats = false;

  /// What a shell may offer for its value, besides the choices.
  enum class Files { none, any, folders };
  Files files() const;
  /// The choices, unless its help or its value shows them already.
  std::vector<std::string> unnamed_choices() const;
};

struct CommandInfo {
  std::vector<std::string> path;  ///< "evenkeel", "data", "fetch"
  std::string purpose, examples;
  std::string more = {};  ///< the part of its help below the examples
  std::vector<FlagInfo> arguments = {}, flags = {};
  std::vector<CommandInfo> commands = {};

  std::string name(const char* separator = " ") const;  ///< "evenkeel data fetch"
};

CommandInfo command_tree(CLI::App& app);

/// The command and all commands below it, each before its own.
std::vector<const CommandInfo*> with_all_below(const CommandInfo& command);

/// Sets the choices of a flag's value for command_tree; another check refuses other values.
CLI::Option* offer(CLI::Option* option, const std::vector<std::string>& choices);
/// The same, with the check.
CLI::Option* choose_from(CLI::Option* option, const std::vector<std::string>& choices);

}  // namespace evenkeel::app
