#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "exit_code.h"

namespace evenkeel::app {

/// What the command line asks for, ready to run. Returns the exit code.
using Command = std::function<int()>;

// Each adds its subcommand; when the command line names it, `chosen` becomes what it means.
void add_evaluate(CLI::App& app, Command& chosen);
void add_predict(CLI::App& app, Command& chosen);
void add_run(CLI::App& app, Command& chosen);
void add_summary(CLI::App& app, Command& chosen);
void add_plan(CLI::App& app, Command& chosen);
void add_bench(CLI::App& app, Command& chosen);
void add_weights(CLI::App& app, Command& chosen);
void add_report(CLI::App& app, Command& chosen);
void add_doctor(CLI::App& app, Command& chosen);
void add_repair(CLI::App& app, Command& chosen);
void add_import(CLI::App& app, Command& chosen);
void add_export(CLI::App& app, Command& chosen);
void add_data(CLI::App& app, Command& chosen);
void add_model_command(CLI::App& app, Command& chosen);
void add_layers(CLI::App& app, Command& chosen);
void add_documentation(CLI::App& app, Command& chosen);  // `completion`, `man`, `reference`
void add_fetch(CLI::App& data, Command& chosen);         // `data fetch`, below `data`
void add_pack(CLI::App& data, Command& chosen);          // `data pack`
// These two write the command line into run.json.
void add_train(CLI::App& app, Command& chosen, const std::vector<std::string>& command_line);
void add_study(CLI::App& app, Command& chosen, const std::vector<std::string>& command_line);

}  // namespace evenkeel::app
