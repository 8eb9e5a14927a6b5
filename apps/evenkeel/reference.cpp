#include "reference.h"

#include <fmt/format.h>

#include "evenkeel/base/text.h"
#include "evenkeel/nn/registry.h"
#include "evenkeel/train/settings.h"

namespace evenkeel::app {
namespace {

/// Text escaped for Markdown, also in a cell of a table.
std::string markdown(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|' || c == '[' || c == ']' || c == '<' || c == '*' || c == '\\' || c == '`') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

/// The same for a cell of a table, where a bar would end the cell.
std::string code(const std::string& text) {
  std::string cell = "`";
  for (const char c : text) cell += c == '|' ? std::string("\\|") : std::string(1, c);
  return cell + '`';
}

std::string row(const std::vector<std::string>& cells) { return "| " + join(cells, " | ") + " |\n"; }

std::string head(const std::vector<std::string>& titles) {
  return row(titles) + row(std::vector<std::string>(titles.size(), "---"));
}

constexpr std::size_t kLongestLine = 110;

std::string begin_page(const char* title, const char* what, const char* introduction) {
  return fmt::format("# {}\n\n<!-- Made by `evenkeel reference {}`; `make reference` writes it again. -->\n\n{}\n",
                     title, what, wrapped(introduction, kLongestLine));
}

std::vector<std::string> in_code(const std::vector<std::string>& texts) {
  std::vector<std::string> all;
  for (const std::string& text : texts) all.push_back(code(text));
  return all;
}

std::string meaning_of(const FlagInfo& flag) {
  std::string help = markdown(flag.help);
  if (flag.required) help += " (required)";
  if (const auto choices = flag.unnamed_choices(); !choices.empty()) help += ": one of " + join(in_code(choices));
  return help;
}

std::string flag_row(const FlagInfo& flag) {
  return row({join(in_code(flag.names)), flag.value.empty() ? "" : code(flag.value), meaning_of(flag)});
}

std::string flags_table(const CommandInfo& command) {
  std::string text, group;
  for (const FlagInfo& flag : command.flags) {
    if (text.empty() || flag.group != group) {
      if (!text.empty()) text += '\n' + wrapped(markdown(flag.group) + ':', kLongestLine) + "\n\n";
      text += head({"flag", "value", "meaning"});
    }
    group = flag.group;
    text += flag_row(flag);
  }
  return text;
}

/// The lines, indented by four blanks.
std::string as_block(const std::string& lines) {
  std::string text;
  for (const std::string_view line : split(lines, '\n'))
    text += line.empty() ? "\n" : fmt::format("{}{}\n", line.starts_with("  evenkeel ") ? "  " : "    ", line);
  return text;
}

std::string command_section(const CommandInfo& command) {
  std::string text = fmt::format("\n## {}\n\n{}\n", command.name(), wrapped(markdown(command.purpose), kLongestLine));
  if (!command.arguments.empty()) {
    text += '\n' + head({"argument", "meaning"});
    for (const FlagInfo& argument : command.arguments)
      text += row({code(argument.names.front()), meaning_of(argument)});
  }
  text += '\n' + flags_table(command);
  text += '\n' + as_block(command.examples);
  return command.more.empty() ? text : text + '\n' + as_block(command.more);
}

/// A default as in a file; empty if there is none.
std::string default_text(const FieldValue& value) {
  return std::holds_alternative<std::monostate>(value) ? "" : code(to_string(value));
}

std::string layer_section(const LayerType& type) {
  std::string text = fmt::format("\n## {}\n\n{}\n", type.type, wrapped(markdown(type.about), kLongestLine));
  if (type.fields.empty()) return text;
  text += '\n' + head({"key", "value", "default", "meaning"});
  for (const LayerType::FieldInfo& field : type.fields)
    text += row({code(field.name), markdown(accepted(field.kind, field.range)),
                 field.required ? "required" : default_text(field.default_value), markdown(field.help)});
  return text;
}

/// "0.001 (adam), 0.01 (sgd)"; a single value if they are equal.
std::string defaults_text(const SettingKey& key) {
  std::vector<std::string> texts;
  bool agree = true;
  for (const auto& [owner, value] : key.defaults) {
    agree = agree && value == key.defaults.front().second;
    texts.push_back(default_text(value) + (owner.empty() ? "" : " (" + owner + ')'));
  }
  if (texts.empty()) return {};
  return agree ? default_text(key.defaults.front().second) : join(texts);
}

}  // namespace

std::string commands_reference(const CommandInfo& program) {
  std::string text =
      begin_page("Commands and flags", "commands",
                 "Every command with its flags, as `--help` shows them. [Commands](../commands.md) is the "
                 "short form. [Exit codes](../exit-codes.md) are the same for all.");
  for (const CommandInfo* command : with_all_below(program)) text += command_section(*command);
  return text;
}

std::string layers_reference() {
  std::string text = begin_page("Layers", "layers",
                                "Every layer of a [model file](../../examples/README.md) with its keys. `evenkeel "
                                "layers NAME` prints the same. Each layer also takes `name`, and `inputs` (a name or a "
                                "list of names) if the model is not a chain.");
  for (const LayerType& type : layer_types()) text += layer_section(type);
  return text;
}

std::string training_reference() {
  std::string text = begin_page("Keys of training", "training",
                                "Every key of a model file's `[training]` table. `evenkeel train` has a flag for each: "
                                "`learning_rate` is `--learning-rate`. [Training](../training.md) explains them.") +
                     '\n' + head({"key", "value", "default", "meaning"});
  for (const SettingKey& key : training_keys().all())
    text +=
        row({code(key.name), key.choices.empty() ? markdown(accepted(key.kind, key.range)) : join(in_code(key.choices)),
             defaults_text(key), markdown(key.help)});
  return text;
}

}  // namespace evenkeel::app
