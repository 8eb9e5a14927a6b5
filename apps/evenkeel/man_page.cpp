#include "man_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/text.h"
#include "evenkeel/base/version.h"

namespace evenkeel::app {
namespace {

/// Text escaped for troff.
std::string troff(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    const bool begins_line = escaped.empty() || escaped.back() == '\n';
    if (begins_line && (c == '.' || c == '\'')) escaped += "\\&";
    if (c == '\\')
      escaped += "\\e";
    else if (c == '-')
      escaped += "\\-";
    else
      escaped += c;
  }
  return escaped;
}

std::string bold(const std::string& text) { return "\\fB" + troff(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + troff(text) + "\\fR"; }

std::string as_typed(const std::string& lines) { return ".nf\n" + troff(lines) + "\n.fi\n"; }

std::string synopsis(const CommandInfo& command) {
  std::string text = bold(command.name());
  if (!command.commands.empty()) text += ' ' + italic("COMMAND");
  for (const FlagInfo& argument : command.arguments) {
    const std::string name = italic(argument.names.front()) + (argument.repeats ? "..." : "");
    text += argument.required ? ' ' + name : " [" + name + ']';
  }
  return text + " [" + italic("flags") + "]\n";
}

std::string entry(const FlagInfo& flag) {
  std::vector<std::string> names;
  for (const std::string& name : flag.names)
    names.push_back(bold(name) + (flag.value.empty() ? "" : ' ' + italic(flag.value)));
  std::string text = ".TP\n" + join(names) + '\n' + troff(flag.help);
  if (flag.required) text += " (required)";
  if (!flag.choices.empty() && flag.files() == FlagInfo::Files::none) text += ".\nOne of " + troff(join(flag.choices));
  return text + ".\n";
}

/// Grouped, in the order in which the groups first occur.
std::string flags_text(const CommandInfo& command) {
  std::vector<std::string> groups;
  for (const FlagInfo& flag : command.flags)
    if (std::ranges::count(groups, flag.group) == 0) groups.push_back(flag.group);
  std::string text;
  for (const std::string& group : groups) {
    if (groups.size() > 1) text += ".SS " + troff(group) + '\n';
    for (const FlagInfo& flag : command.flags)
      if (flag.group == group) text += entry(flag);
  }
  return text;
}

std::string reference_to(const CommandInfo& command) { return ".BR " + troff(command.name("-")) + " (1)"; }

/// The parent command, and those directly below.
std::string see_also(const CommandInfo& command, const CommandInfo& program) {
  std::vector<std::string> pages;
  for (const CommandInfo* other : with_all_below(program)) {
    const CommandInfo& longer = other->path.size() > command.path.size() ? *other : command;
    const CommandInfo& shorter = &longer == &command ? *other : command;
    const bool is_next = longer.path.size() == shorter.path.size() + 1;
    if (is_next && std::ranges::equal(shorter.path, std::span(longer.path).first(shorter.path.size())))
      pages.push_back(reference_to(*other));
  }
  return join(pages, " ,\n") + '\n';
}

}  // namespace

std::string man_page(const CommandInfo& command, const CommandInfo& program) {
  std::string title = command.name("-");
  std::ranges::transform(title, title.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; });
  std::string text = fmt::format(".TH {} 1 \"\" \"Evenkeel {}\" \"Evenkeel\"\n.SH NAME\n{} \\- {}\n", title, kVersion,
                                 troff(command.name("-")), troff(command.purpose));
  text += ".SH SYNOPSIS\n" + synopsis(command) + ".SH DESCRIPTION\n" + troff(command.purpose) + '\n';
  if (!command.arguments.empty()) {
    text += ".SH ARGUMENTS\n";
    for (const FlagInfo& argument : command.arguments) text += entry(argument);
  }
  if (!command.commands.empty()) {
    text += ".SH COMMANDS\n";
    for (const CommandInfo& sub : command.commands)
      text += ".TP\n" + bold(sub.path.back()) + '\n' + troff(sub.purpose) + '\n';
  }
  text += ".SH FLAGS\n" + flags_text(command) + ".SH EXAMPLES\n" + as_typed(command.examples);
  if (&command != &program && !command.more.empty()) text += ".SH NOTES\n" + as_typed(command.more);
  if (!program.more.empty()) text += ".SH EXIT STATUS\n" + as_typed(program.more);
  return text + ".SH SEE ALSO\n" + see_also(command, program);
}

std::string man_page_file(const CommandInfo& command) { return command.name("-") + ".1"; }

}  // namespace evenkeel::app
