#include <fmt/format.h>

#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include "command_line.h"
#include "commands.h"
#include "evenkeel/base/cpu.h"
#include "evenkeel/base/threads.h"
#include "evenkeel/base/version.h"
#include "interruption.h"
#include "output.h"
#include "processes.h"
#include "program.h"
#include "resources.h"
#include "waiting.h"

namespace evenkeel::app {
namespace {

void add_commands(CLI::App& app, Command& chosen, const std::vector<std::string>& command_line) {
  add_train(app, chosen, command_line);
  add_evaluate(app, chosen);
  add_predict(app, chosen);
  add_run(app, chosen);
  add_summary(app, chosen);
  add_plan(app, chosen);
  add_bench(app, chosen);
  add_weights(app, chosen);
  add_report(app, chosen);
  add_doctor(app, chosen);
  add_repair(app, chosen);
  add_import(app, chosen);
  add_export(app, chosen);
  add_data(app, chosen);
  add_study(app, chosen, command_line);
  add_model_command(app, chosen);
  add_layers(app, chosen);
  add_documentation(app, chosen);
}

/// The command that was given: `data show`, not `data`.
const CLI::App& innermost(const CLI::App& app) {
  const auto below = app.get_subcommands();
  return below.empty() ? app : innermost(*below.front());
}

/// Whether the command computes with several threads.
bool uses_threads(const CLI::App& command) {
  return command.get_option_no_throw("--threads") != nullptr && Threads::bound().count() > 1;
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
  join_resize_values(arguments);
  check_values(arguments);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::Success& asked) {
    std::ostringstream text;
    const int code = app.exit(asked, text);
    print_text(text.str());
    return code;
  } catch (const CLI::ParseError& error) {
    throw command_line_error(app, error, arguments);
  }
  const CLI::App& command = innermost(app);
  Machine::here();  // a wrong EVENKEEL_ISA is an error of every command
  if (uses_threads(command)) wait_briefly(command_line);
  check_reading_flags(command);
  const std::string& name = app.get_subcommands().front()->get_name();
  if (is_idle_process(name)) return kDone;
  claim_threads(command);
  connect(name);
  const int code = chosen();
  flush_output();  // mpirun ends all processes when the first one returns a code that is not 0
  return end_together(code);
}

}  // namespace
}  // namespace evenkeel::app

int evenkeel::app::run_program(char** argv) {
  namespace app = evenkeel::app;
  app::open_standard_streams();
  app::keep_signals_from_kernels();
  try {
    app::check_stack();
    app::join_launch();
    const int code = app::run(argv);
    app::flush_output();
    return code == app::kDone && app::was_interrupted() ? app::kInterrupted : code;
  } catch (const app::EndedTogether& ended) {
    return app::end_together(ended.code);
  } catch (...) {
    return app::fail_together(app::failure_of(std::current_exception(), argv));
  }
}
