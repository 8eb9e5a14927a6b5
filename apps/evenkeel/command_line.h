#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "evenkeel/base/error.h"

// What CLI11 does not find out about a command line, or does not say well.

namespace evenkeel::app {

/// Makes "--resize=256" of "--resize 256", where --resize is a switch that may have a value: without this the number
/// would be another argument. `data show --resize H W` has two values and stays.
void join_resize_values(std::vector<std::string>& arguments);

/// Throws Error for an empty value. CLI11 would take the next word in its place.
void check_values(const std::vector<std::string>& arguments);

/// The error of words that CLI11 could not take: that something is unknown, and what was meant.
Error command_line_error(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& arguments);

/// Throws Error for a flag that says how data are read, if the command names no data that it is about.
void check_reading_flags(const CLI::App& command);

}  // namespace evenkeel::app
