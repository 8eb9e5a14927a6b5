#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <string>
#include <system_error>
#include <vector>

#include "commands.h"
#include "evenkeel/base/cpu.h"
#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/base/version.h"
#include "waiting.h"

namespace evenkeel::app {
namespace {

void add_commands(CLI::App& app, Command& chosen, const std::vector<std::string>& command_line) {
  add_train(app, chosen, command_line);
  add_evaluate(app, chosen);
  add_predict(app, chosen);
  add_summary(app, chosen);
  add_plan(app, chosen);
  add_bench(app, chosen);
  add_weights(app, chosen);
  add_report(app, chosen);
  add_doctor(app, chosen);
  add_repair(app, chosen);
  add_data(app, chosen);
  add_study(app, chosen, command_line);
  add_layers(app, chosen);
  add_documentation(app, chosen);
}

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

/// CLI11 says that something is missing or left over; what was meant is said here.
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

/// Whether the command that was given computes with several threads.
bool uses_threads(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return !given.empty() && given.front()->get_option_no_throw("--threads") != nullptr && Threads::bound().count() > 1;
}

/// A result that did not reach its reader is a failure.
void flush_output() {
  if (std::fflush(stdout) == 0) return;
  const int error = errno;
  throw Error{
      {.kind = kind_of_failure(error), .where = "standard output", .received = std::generic_category().message(error)}};
}

int run(char** command_line) {
  std::vector<std::string> arguments;
  for (char** word = command_line + 1; *word != nullptr; ++word) arguments.emplace_back(*word);
  CLI::App app("Trains, evaluates and inspects convolutional networks with normalization and dropout.", "evenkeel");
  app.set_version_flag("--version", kVersion, "print the version and exit");
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  evenkeel train examples/models/lenet.toml --data strokes --epochs 3\n"
      "  evenkeel train --help\n\n" +
      std::string(kExitCodes));
  Command chosen;
  add_commands(app, chosen, arguments);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    throw command_line_error(app, error, arguments);
  }
  Machine::here();  // a wrong EVENKEEL_ISA is an error of every command
  if (uses_threads(app)) wait_briefly(command_line);
  return chosen();
}

}  // namespace
}  // namespace evenkeel::app

int main(int, char** argv) {
  try {
    const int code = evenkeel::app::run(argv);
    evenkeel::app::flush_output();
    return code;
  } catch (...) {
    const auto [code, message] = evenkeel::app::failure_of(std::current_exception(), argv);
    fmt::print(stderr, "evenkeel: {}\n", message);
    return code;
  }
}
