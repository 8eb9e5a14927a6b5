#include "command_tree.h"

#include <algorithm>

#include "evenkeel/base/text.h"
#include "evenkeel/data/sources.h"

namespace evenkeel::app {
namespace {

constexpr const char* kChoices = "choices";

std::vector<std::string> offered(CLI::Option& option) {
  std::vector<std::string> choices;
  try {
    const std::string described = option.get_validator(kChoices)->get_description();
    for (const std::string_view choice : split(described, '|')) choices.emplace_back(choice);
  } catch (const CLI::OptionNotFound&) {
    // it takes what it gets
  }
  return choices;
}

bool is_data_spec(const std::string& value) { return value == "SPEC"; }

FlagInfo flag_info(CLI::Option& option) {
  FlagInfo info{.names = {},
                .value = option.get_option_text(),
                .help = option.get_description(),
                .group = option.get_group(),
                .choices = offered(option),
                .required = option.get_required(),
                .repeats = option.get_items_expected_max() > 1};
  for (const std::string& name : option.get_snames()) info.names.push_back('-' + name);
  for (const std::string& name : option.get_lnames()) info.names.push_back("--" + name);
  if (info.names.empty()) info.names.push_back(option.get_single_name());
  info.value = info.value.substr(0, info.value.find(" (required)"));
  if (info.value == " ") info.value.clear();
  if (info.choices.empty() && info.value.find('|') != info.value.npos)
    for (const std::string_view choice : split(info.value, '|')) info.choices.emplace_back(choice);
  if (is_data_spec(info.value))
    for (const NamedSource& source : named_sources()) info.choices.push_back(source.name);
  return info;
}

CommandInfo command_info(CLI::App& app, std::vector<std::string> path) {
  path.push_back(app.get_name());
  const std::string footer = app.get_footer(), begin = "Examples:\n";
  const std::size_t end = std::min(footer.find("\n\n"), footer.size());
  CommandInfo info{.path = path,
                   .purpose = app.get_description(),
                   .examples = footer.starts_with(begin) ? footer.substr(begin.size(), end - begin.size()) : "",
                   .more = footer.substr(std::min(end + 2, footer.size()))};
  while (info.more.ends_with('\n')) info.more.pop_back();
  for (CLI::Option* option : app.get_options({}))
    (option->get_positional() ? info.arguments : info.flags).push_back(flag_info(*option));
  for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; }))
    info.commands.push_back(command_info(*sub, path));
  return info;
}

}  // namespace

FlagInfo::Files FlagInfo::files() const {
  const std::string& what = value.empty() ? names.front() : value;
  if (what == "DIR" || what.starts_with("RUN")) return Files::folders;
  return what.starts_with("FILE") || what == "MODEL" || is_data_spec(what) ? Files::any : Files::none;
}

std::vector<std::string> FlagInfo::unnamed_choices() const {
  const auto is_named = [&](const std::string& choice) {
    return help.find(choice) != help.npos || value.find(choice) != value.npos;
  };
  return is_data_spec(value) || std::ranges::all_of(choices, is_named) ? std::vector<std::string>() : choices;
}

std::string CommandInfo::name(const char* separator) const { return join(path, separator); }

CommandInfo command_tree(CLI::App& app) { return command_info(app, {}); }

std::vector<const CommandInfo*> with_all_below(const CommandInfo& command) {
  std::vector<const CommandInfo*> all = {&command};
  for (const CommandInfo& sub : command.commands) {
    const std::vector<const CommandInfo*> below = with_all_below(sub);
    all.insert(all.end(), below.begin(), below.end());
  }
  return all;
}

CLI::Option* offer(CLI::Option* option, const std::vector<std::string>& choices) {
  return option->check(CLI::Validator([](std::string&) { return std::string(); }, join(choices, "|"), kChoices));
}

CLI::Option* choose_from(CLI::Option* option, const std::vector<std::string>& choices) {
  return offer(option->check(CLI::IsMember(choices)), choices);
}

}  // namespace evenkeel::app
