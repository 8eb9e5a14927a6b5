#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "evenkeel/nn/model.h"

// A report as data. Code that has results (a study, run folders) fills it; the writers draw it and do not know where it
// came from. Texts are plain, with `code` between backquotes.

namespace evenkeel {

/// One measured line, for example of one seed.
struct Trace {
  std::string label = {};              ///< "seed 0"
  std::vector<double> x = {}, y = {};  ///< of equal length; NaN in y is a gap
};

/// A curve is drawn in one colour: the mean of its traces, and with several traces a band from the lowest to the
/// highest.
struct Curve {
  std::string name;  ///< "batch_norm"
  std::vector<Trace> traces = {};
  bool dashed = false;
  /// Curves of one group share a colour ("training" dashed beside "test"); empty: a colour of its own.
  std::string group = {};
};

/// A horizontal line with its meaning: "chance", "published".
struct Level {
  double value = 0;
  std::string label;
};

struct LineChart {
  std::string title = {}, x_label = {}, y_label = {};
  std::vector<Curve> curves = {};
  std::vector<Level> levels = {};
  bool log_x = false, log_y = false;
  std::vector<std::string> x_names = {};  ///< names at x = 0, 1, ... instead of numbers, such as layers
  std::string caption = {};               ///< how to read the chart
  bool folded = false;                    ///< only the title is shown until the reader opens it
};

/// Every value as a point, a row per name, on one axis: the final figures of all seeds.
struct DotChart {
  struct Row {
    std::string name;
    std::vector<std::pair<std::string, double>> dots = {};          ///< "seed 0", 0.974
    std::optional<double> mean = {}, error = {};                    ///< a tick, and a bar of +- error around it
    std::vector<std::pair<std::string, double>> marks = {};         ///< hollow: "published", "predicted"
    std::optional<std::pair<double, double>> published_range = {};  ///< a pale bar
  };
  std::string title = {}, x_label = {};
  std::vector<Row> rows = {};
  std::string caption = {};
};

/// Steps from one value to another that add up, each drawn as a floating bar.
struct Waterfall {
  struct Step {
    std::string name;
    double change = 0;
    std::optional<double> error = {};  ///< standard error of the change
  };
  std::string title = {}, x_label = {};
  std::string start_name = {}, end_name = {};
  double start = 0;
  std::vector<Step> steps = {};
  std::string caption = {};
};

struct PageTable {
  std::string title = {};
  std::string badge = {};                 ///< a word before the title: "error", "warning" or "info"
  std::vector<std::string> columns = {};  ///< ">name" is right-aligned
  std::vector<std::vector<std::string>> rows = {};
  std::string caption = {};
};

/// A model drawn as a chain or graph of layers with their output shapes and parameters.
struct Diagram {
  std::string title;
  Model model;
};

struct Paragraph {
  std::string text;
};

/// Code to copy, folded at first.
struct Listing {
  std::string title;
  std::string code;
};

/// A line to copy into a terminal.
struct CommandLine {
  std::string text;
};

struct Formula {
  std::string text;  ///< one line of Unicode mathematics
};

using Part = std::variant<Paragraph, Listing, CommandLine, Formula, PageTable, LineChart, DotChart, Waterfall, Diagram>;

struct Section {
  std::string title = {};
  std::vector<Part> parts = {};
};

struct Report {
  std::string title;                    ///< "depth"
  std::string question;                 ///< what was asked
  std::string answer;                   ///< one sentence, derived by code from these results
  std::vector<std::string> notes = {};  ///< what was scaled down, could not be read, is missing
  std::vector<Section> sections = {};
  std::vector<std::pair<std::string, std::string>> provenance = {};  ///< command, versions, machine, data
};

}  // namespace evenkeel
