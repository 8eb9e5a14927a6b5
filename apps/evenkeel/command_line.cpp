#include "command_line.h"

#include <algorithm>
#include <filesystem>
#include <functional>

#include "evenkeel/base/text.h"
#include "evenkeel/data/sources.h"

namespace evenkeel::app {
namespace {

/// The names that may stand where `wrong` stands.
std::vector<std::string> known_words(const CLI::App& command, const std::string& wrong) {
  std::vector<std::string> known;
  if (wrong.starts_with('-')) {
    for (const CLI::Option* option : command.get_options())
      for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  } else {
    for (const CLI::App* sub : command.get_subcommands({})) known.push_back(sub->get_name());
  }
  return known;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// What a word of the command line names as data.
enum class DataKind { named, arrays, images };

DataKind kind_of_data(const std::string& spec) {
  const std::string name = spec.substr(0, spec.find_first_of(":["));
  if (name.ends_with(".npz")) return DataKind::arrays;
  const bool is_named = std::ranges::any_of(named_sources(), [&](const auto& s) { return same_name(s.name, name); });
  return is_named ? DataKind::named : DataKind::images;
}

/// The kinds of the data that the command names.
std::vector<DataKind> kinds_of_data(const CLI::App& command) {
  std::vector<DataKind> kinds;
  for (const CLI::Option* option : command.get_options({})) {
    const bool are_specs = option->get_option_text().starts_with("SPEC") || option->get_name() == "SPEC";
    if (option->get_name() == "--image" && option->count() > 0) kinds.push_back(DataKind::images);
    if (are_specs)
      for (const std::string& spec : option->results()) kinds.push_back(kind_of_data(spec));
  }
  return kinds;
}

}  // namespace

void check_values(const std::vector<std::string>& arguments) {
  std::string before = "evenkeel";
  for (const std::string& word : arguments) {
    const bool ends_without = word.starts_with('-') && word.find('=') == word.size() - 1;
    if (word.empty() || ends_without)
      throw Error{{.where = ends_without ? word.substr(0, word.size() - 1) : before,
                   .expected = "a value",
                   .received = "an empty one"}};
    before = word;
  }
}

void join_resize_values(std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments.front() == "data") return;
  for (std::size_t i = 0; i + 1 < arguments.size(); ++i) {
    const std::string& value = arguments[i + 1];
    if (arguments[i] != "--resize" || value.empty() || value.find_first_not_of("0123456789") != std::string::npos)
      continue;
    arguments[i] += '=' + value;
    arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
}

Error command_line_error(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& arguments) {
  const CLI::App* command = &app;
  std::string said = "evenkeel";
  for (std::string word : arguments) {
    word = word.substr(0, word.find('='));
    const bool is_flag = word.starts_with("--");
    const bool names_command = !is_flag && !command->get_subcommands({}).empty();
    if (!is_flag && !names_command) continue;
    const std::vector<std::string> known = known_words(*command, word);
    if (!contains(known, word)) {
      const std::string near = nearest(word, known);
      return Error{
          {.where = said == "evenkeel" ? "" : said,
           .received = fmt::format("there is no {} \"{}\"", is_flag ? "flag" : "command", word),
           .hint = near.empty() ? fmt::format("See `{} --help`.", said) : fmt::format("Did you mean \"{}\"?", near)}};
    }
    if (names_command) {
      command = command->get_subcommand(word);
      said += ' ' + word;
    }
  }
  return Error{{.where = said == "evenkeel" ? "" : said,
                .received = error.what(),
                .hint = fmt::format("See `{} --help`.", said)}};
}

void check_reading_flags(const CLI::App& command) {
  const std::vector<DataKind> kinds = kinds_of_data(command);
  // A run folder's record may name more data.
  const CLI::Option* model = command.get_option_no_throw("MODEL");
  const bool has_record = model != nullptr && model->count() > 0 && std::filesystem::is_directory(model->results()[0]);
  if (kinds.empty() || has_record) return;
  const auto check = [&](const char* flag, DataKind kind, const char* what) {
    const CLI::Option* option = command.get_option_no_throw(flag);
    if (option == nullptr || option->count() == 0 || std::ranges::count(kinds, kind) > 0) return;
    throw Error{
        {.where = flag, .expected = std::string(what) + " among the data, which it is for", .received = "none"}};
  };
  for (const char* flag : {"--labels", "--channels-first"}) check(flag, DataKind::arrays, "an .npz file");
  for (const char* flag : {"--skip-bad-images", "--color"}) check(flag, DataKind::images, "a folder of images");
  check("--data-dir", DataKind::named, "a named set");
}

}  // namespace evenkeel::app
