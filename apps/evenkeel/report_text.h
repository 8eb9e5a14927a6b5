#pragma once

#include <string>

#include "evenkeel/report/page/page.h"

// A report's texts and tables for a terminal.

namespace evenkeel::app {

/// Names are as good without backquotes.
std::string without_backquotes(std::string text);

/// The report's first table, or its first of this title; empty where there is none.
std::string table_of(const Report& report, const std::string& title = {});

}  // namespace evenkeel::app
