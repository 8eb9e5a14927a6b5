#include "completion.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/text.h"

namespace evenkeel::app {
namespace {

/// The text as one word of a shell.
std::string shell_word(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + '\'';
}

std::vector<std::string> names_of_commands(const CommandInfo& command) {
  std::vector<std::string> names;
  for (const CommandInfo& sub : command.commands) names.push_back(sub.path.back());
  return names;
}

std::vector<std::string> names_of_flags(const CommandInfo& command) {
  std::vector<std::string> names;
  for (const FlagInfo& flag : command.flags) names.insert(names.end(), flag.names.begin(), flag.names.end());
  return names;
}

// How a shell finds the command that is being completed, word by word.
std::vector<std::string> known_paths(const CommandInfo& program, const char* quote) {
  std::vector<std::string> paths;
  for (const CommandInfo* command : with_all_below(program))
    if (command->path.size() > 1) paths.push_back(quote + command->name() + quote);
  return paths;
}

// bash ----------------------------------------------------------------------------------------------------------------

const char* bash_files(const FlagInfo& flag) {
  switch (flag.files()) {
    case FlagInfo::Files::any: return "-f";
    case FlagInfo::Files::folders: return "-d";
    case FlagInfo::Files::none: return "''";
  }
  return "''";
}

std::string bash_offer(const FlagInfo& flag) {
  return "words=" + shell_word(join(flag.choices, " ")) + " files=" + bash_files(flag);
}

std::string bash_command(const CommandInfo& command) {
  std::string text =
      fmt::format("    \"{}\")\n      flags={}\n", command.name(), shell_word(join(names_of_flags(command), " ")));
  if (!command.commands.empty())
    text += fmt::format("      words={}\n", shell_word(join(names_of_commands(command), " ")));
  for (const FlagInfo& argument : command.arguments) text += "      " + bash_offer(argument) + '\n';
  std::string values;
  for (const FlagInfo& flag : command.flags)
    if (!flag.value.empty())
      values += fmt::format("        {}) flags='' {} ;;\n", join(flag.names, "|"), bash_offer(flag));
  if (!values.empty()) text += "      case \"$before\" in\n" + values + "      esac\n";
  return text + "      ;;\n";
}

// zsh -----------------------------------------------------------------------------------------------------------------

std::string zsh_function(const CommandInfo& command) { return '_' + command.name("_"); }

/// Within brackets, and between colons.
std::string zsh_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

bool has_choices_and_files(const FlagInfo& flag) {
  return !flag.choices.empty() && flag.files() != FlagInfo::Files::none;
}

/// ":L:(mse binary_crossentropy)", which follows a flag or an argument. A value with choices and files is data.
std::string zsh_value(const FlagInfo& flag) {
  std::string action = " ";
  if (has_choices_and_files(flag))
    action = "_evenkeel_specs";
  else if (!flag.choices.empty())
    action = '(' + join(flag.choices, " ") + ')';
  else if (flag.files() != FlagInfo::Files::none)
    action = flag.files() == FlagInfo::Files::folders ? "_files -/" : "_files";
  return ":" + zsh_text(flag.value.empty() ? flag.names.front() : flag.value) + ':' + action;
}

std::string zsh_specs(const CommandInfo& program) {
  for (const CommandInfo* command : with_all_below(program))
    for (const FlagInfo& flag : command->flags)
      if (has_choices_and_files(flag))
        return "_evenkeel_specs() {\n  _alternative " + shell_word("sets:data set:(" + join(flag.choices, " ") + ')') +
               " 'files:file:_files'\n}\n";
  return {};
}

std::string zsh_flag(const FlagInfo& flag) {
  std::string text;
  for (const std::string& name : flag.names) {
    const bool is_long = name.starts_with("--");
    const std::string spec = name +
                             (flag.value.empty() ? ""
                              : is_long          ? "="
                                                 : "+") +
                             '[' + zsh_text(flag.help) + ']' + (flag.value.empty() ? "" : zsh_value(flag));
    text += " \\\n    " + shell_word((flag.repeats ? "*" : "") + spec);
  }
  return text;
}

std::string zsh_command(const CommandInfo& command) {
  std::string text = zsh_function(command) + "() {\n";
  if (!command.commands.empty()) text += "  local context state state_descr line\n  typeset -A opt_args\n";
  text += command.commands.empty() ? "  _arguments -S" : "  _arguments -C";
  for (const FlagInfo& flag : command.flags) text += zsh_flag(flag);
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    const FlagInfo& argument = command.arguments[i];
    text += " \\\n    " + shell_word((argument.repeats ? "*" : std::to_string(i + 1)) + zsh_value(argument));
  }
  if (command.commands.empty()) return text + "\n}\n";
  text += " \\\n    '1: :->command' '*:: :->rest'\n  case $state in\n    command)\n      local -a commands=(\n";
  for (const CommandInfo& sub : command.commands)
    text += "        " + shell_word(sub.path.back() + ':' + zsh_text(sub.purpose)) + '\n';
  text += "      )\n      _describe command commands ;;\n    rest)\n      case $line[1] in\n";
  for (const CommandInfo& sub : command.commands)
    text += fmt::format("        {}) {} ;;\n", sub.path.back(), zsh_function(sub));
  return text + "      esac ;;\n  esac\n}\n";
}

// fish ----------------------------------------------------------------------------------------------------------------

std::string fish_files(const FlagInfo& flag) {
  std::string text = flag.files() == FlagInfo::Files::any ? " -F" : "";
  std::vector<std::string> offered = flag.choices;
  if (flag.files() == FlagInfo::Files::folders) offered.emplace_back("(__fish_complete_directories)");
  if (!offered.empty()) text += " -a " + shell_word(join(offered, " "));
  return text;
}

std::string fish_command(const CommandInfo& command) {
  const std::string begin =
      fmt::format("complete -c {} -n {}", command.path.front(),
                  shell_word("test (__" + command.path.front() + "_path) = " + '"' + command.name() + '"'));
  std::string text;
  for (const CommandInfo& sub : command.commands)
    text += begin + " -a " + sub.path.back() + " -d " + shell_word(sub.purpose) + '\n';
  for (const FlagInfo& argument : command.arguments)
    if (const std::string files = fish_files(argument); !files.empty()) text += begin + files + '\n';
  for (const FlagInfo& flag : command.flags) {
    text += begin;
    for (const std::string& name : flag.names)
      text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (!flag.value.empty()) text += (flag.files() == FlagInfo::Files::any ? " -r" : " -x") + fish_files(flag);
    text += " -d " + shell_word(flag.help) + '\n';
  }
  return text;
}

std::string commands_text(const CommandInfo& program, std::string (*write)(const CommandInfo&)) {
  std::string text;
  for (const CommandInfo* command : with_all_below(program)) text += write(*command);
  return text;
}

}  // namespace

std::string bash_completion(const CommandInfo& program) {
  // bash treats '=' and ':' as separate words: "--loss=mse" are three. Text after a colon belongs to the word before
  // it.
  return fmt::format(R"(# bash completion of {0}, made by `{0} completion bash`.
_{0}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} path={0}
  local word flags='' words='' files=''
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$path $word" in
      {1}) path="$path $word" ;;
    esac
  done
  if [[ $current == = ]]; then
    current='' before=${{COMP_WORDS[COMP_CWORD-1]}}
  elif [[ $before == = ]]; then
    before=${{COMP_WORDS[COMP_CWORD-2]}}
  fi
  case "$path" in
{2}  esac
  if [[ -n $flags && $current == -* ]]; then
    words=$flags files=''
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  if [[ -n $files ]]; then
    mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen $files -- "$current")
  fi
}}
complete -o filenames -F _{0} {0}
)",
                     program.name(), join(known_paths(program, "\""), "|"), commands_text(program, bash_command));
}

std::string zsh_completion(const CommandInfo& program) {
  return fmt::format(R"(#compdef {0}
# zsh completion of {0}, made by `{0} completion zsh`.
{1}{2}if [[ $funcstack[1] == _{0} ]]; then
  _{0} "$@"
else
  compdef _{0} {0}
fi
)",
                     program.name(), zsh_specs(program), commands_text(program, zsh_command));
}

std::string fish_completion(const CommandInfo& program) {
  return fmt::format(R"(# fish completion of {0}, made by `{0} completion fish`.
function __{0}_path
  set -l path {0}
  for word in (commandline -opc)[2..-1]
    switch "$path $word"
      case {1}
        set path "$path $word"
    end
  end
  echo $path
end
complete -c {0} -f
{2})",
                     program.name(), join(known_paths(program, "'"), " "), commands_text(program, fish_command));
}

}  // namespace evenkeel::app
