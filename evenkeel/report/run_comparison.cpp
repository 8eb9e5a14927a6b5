#include "evenkeel/report/run_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "evenkeel/base/number.h"
#include "evenkeel/base/text.h"
#include "evenkeel/nn/summary.h"
#include "evenkeel/report/page/markup.h"
#include "evenkeel/report/run_answer.h"
#include "evenkeel/train/settings.h"

namespace evenkeel {
namespace {

using Runs = std::vector<RunRecord>;

std::string decimal(double value, int decimals) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "–";
}

/// Measured columns, in the order in which they first appear: all except counts and times.
std::vector<std::string> measured_columns(const Runs& runs) {
  static const std::set<std::string> kOthers = {"epoch", "step", "seconds", "images_per_s"};
  std::vector<std::string> names;
  for (const RunRecord& run : runs)
    for (const std::string& name : run.metrics.names)
      if (!kOthers.contains(name) && outcome_of(run, name) && std::ranges::find(names, name) == names.end())
        names.push_back(name);
  return names;
}

/// The points of a column, without empty cells.
Trace trace_of(const RunRecord& run, const std::string& column) {
  Trace trace{.label = run.name};
  const MetricsTable::Column* values = run.metrics.find(column);
  const std::vector<double> steps = steps_of(run.metrics);
  for (std::size_t i = 0; values && i < values->size(); ++i)
    if ((*values)[i]) {
      trace.x.push_back(steps[i]);
      trace.y.push_back(*(*values)[i]);
    }
  return trace;
}

bool changes(const Trace& trace) {
  return std::ranges::adjacent_find(trace.y, std::ranges::not_equal_to()) != trace.y.end();
}

/// One chart for a column and its validation column, with a curve of each for every run.
LineChart chart_of(const Runs& runs, const std::string& column, bool has_validation) {
  LineChart chart{.title = spoken(column), .x_label = "step", .y_label = spoken(column)};
  chart.title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(chart.title[0])));
  for (const RunRecord& run : runs)
    for (const bool validation : {true, false}) {
      Trace trace = trace_of(run, (validation ? "val_" : "") + column);
      if (trace.x.empty()) continue;
      chart.curves.push_back({.name = run.name + (!has_validation ? ""
                                                  : validation    ? ", validation"
                                                                  : ", training"),
                              .traces = {std::move(trace)},
                              .dashed = has_validation && !validation,
                              .group = run.name});
    }
  return chart;
}

Section curves_of(const Runs& runs) {
  Section section{.title = "Curves"};
  const std::vector<std::string> columns = measured_columns(runs);
  std::set<std::string> drawn;
  for (const std::string& name : columns) {
    const std::string base = name.starts_with("val_") ? name.substr(4) : name;
    if (!drawn.insert(base).second) continue;
    const auto changing = [&](const RunRecord& run) { return changes(trace_of(run, base)); };
    if (base == "learning_rate" && std::ranges::none_of(runs, changing)) continue;
    section.parts.emplace_back(chart_of(runs, base, std::ranges::find(columns, "val_" + base) != columns.end()));
  }
  return section;
}

/// A column of the results: its title and a run's cell.
struct Figure {
  std::string title;
  std::function<std::string(const RunRecord&)> cell;
};

double total(const RunRecord& run, const std::string& column, const std::string& weight = {}) {
  const MetricsTable::Column *values = run.metrics.find(column), *weights = run.metrics.find(weight);
  double sum = 0;
  if (!values || (!weight.empty() && !weights)) return NAN;
  for (std::size_t i = 0; i < values->size(); ++i)
    sum += (*values)[i].value_or(0) * (weights ? (*weights)[i].value_or(0) : 1);
  return sum;
}

std::string steps_text(const RunRecord& run) {
  if (run.run && run.run->steps_done) return std::to_string(*run.run->steps_done);
  const std::vector<double> steps = steps_of(run.metrics);
  return steps.empty() ? "–" : decimal(steps.back(), 0);
}

std::vector<Figure> figures_of(const Runs& runs) {
  std::vector<Figure> figures = {{"run", [](const auto& run) { return "`" + run.name + "`"; }}};
  const std::vector<std::string> columns = measured_columns(runs);
  for (const std::string& column : columns) {
    if (column == "learning_rate") continue;
    figures.push_back({">" + spoken(column), [column](const RunRecord& run) {
                         const auto outcome = outcome_of(run, column);
                         return outcome ? decimal(outcome->final, 4) : "–";
                       }});
    // If there is a validation column, the best value is shown for that alone.
    if (std::ranges::find(columns, "val_" + column) != columns.end()) continue;
    figures.push_back({">best", [column](const RunRecord& run) {
                         const auto outcome = outcome_of(run, column);
                         return outcome
                                    ? fmt::format("{:.4f} at {:.0f}", Number{outcome->best}, Number{outcome->best_step})
                                    : "–";
                       }});
  }
  figures.push_back({">steps", steps_text});
  figures.push_back({">seconds", [](const auto& run) { return decimal(total(run, "seconds"), 1); }});
  figures.push_back({">images/s", [](const auto& run) {
                       return decimal(total(run, "images_per_s", "seconds") / total(run, "seconds"), 0);
                     }});
  figures.push_back({">parameters",
                     [](const auto& run) { return run.model ? with_commas(summarize(run.model->model).total) : "–"; }});
  return figures;
}

PageTable table_of(const Runs& runs, const std::vector<Figure>& figures) {
  PageTable table;
  for (const Figure& figure : figures) table.columns.push_back(figure.title);
  for (const RunRecord& run : runs) {
    auto& row = table.rows.emplace_back();
    for (const Figure& figure : figures) row.push_back(figure.cell(run));
  }
  return table;
}

PageTable results_of(const Runs& runs) {
  PageTable table = table_of(runs, figures_of(runs));
  table.caption =
      "Figures at the end of each run. `best` is the highest value in the run (of a loss, the lowest), with its step.";
  return table;
}

/// What was set for the run, by name.
std::vector<std::pair<std::string, std::string>> settings_of_run(const RunRecord& run) {
  std::vector<std::pair<std::string, std::string>> settings;
  if (run.run) {
    const RunDescription& d = run.run->description;
    settings = {{"data", d.data},
                {"validation data", d.validation},
                {"shuffle", d.shuffle ? "true" : "false"},
                {"resize", d.resize ? "true" : "false"},
                {"initial weights", d.initial_weights},
                {"threads", std::to_string(run.run->threads)},
                {"precision", run.run->precision}};
  }
  if (run.model)
    for (const SettingKey& key : training_keys().all()) {
      const Setting* setting = run.model->training.find(key.name);
      std::string text = setting ? to_string(setting->value) : "default";
      std::erase(text, '"');
      settings.emplace_back(key.name, std::move(text));
    }
  return settings;
}

/// Rows as columns.
PageTable turned(const PageTable& table) {
  PageTable result{.title = table.title, .columns = {table.columns[0]}};
  for (const auto& row : table.rows) result.columns.push_back(row[0]);
  for (std::size_t column = 1; column < table.columns.size(); ++column) {
    auto& cells = result.rows.emplace_back(std::vector{table.columns[column]});
    for (const auto& row : table.rows) cells.push_back(row[column]);
  }
  return result;
}

/// Nothing if no setting differs.
std::optional<PageTable> differences_of(const Runs& runs) {
  std::vector<std::string> names;
  for (const RunRecord& run : runs)
    for (const auto& [name, value] : settings_of_run(run))
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  std::vector<Figure> figures = {{"run", [](const auto& run) { return "`" + run.name + "`"; }}};
  for (const std::string& name : names) {
    const auto cell = [name](const RunRecord& run) -> std::string {
      for (const auto& [key, value] : settings_of_run(run))
        if (key == name) return value.empty() ? "none" : value;
      return "–";
    };
    if (std::ranges::any_of(runs, [&](const RunRecord& run) { return cell(run) != cell(runs[0]); }))
      figures.push_back({name, cell});
  }
  if (figures.size() == 1) return {};
  PageTable table = table_of(runs, figures);
  table.title = "Settings that differ";
  if (figures.size() - 1 <= runs.size()) return table;
  table.columns[0] = "setting";
  return turned(table);
}

/// Each model once, with the names of all runs that have it.
Section networks_of(const Runs& runs) {
  std::vector<std::pair<std::string, Diagram>> diagrams;
  for (const RunRecord& run : runs) {
    if (!run.model) continue;
    Model unnamed = run.model->model;
    unnamed.set_name("model");
    const std::string text = write_model_file({.model = unnamed});
    const auto same = std::ranges::find(diagrams, text, &std::pair<std::string, Diagram>::first);
    if (same != diagrams.end())
      same->second.title += ", `" + run.name + "`";
    else
      diagrams.emplace_back(text, Diagram{.title = "`" + run.name + "`", .model = run.model->model});
  }
  Section section{.title = diagrams.size() == 1 ? "Network" : "Networks"};
  for (auto& [text, diagram] : diagrams) section.parts.emplace_back(std::move(diagram));
  return section;
}

/// Adds a fact once if all runs share it, else once for each run.
void add_fact(Report& report, const Runs& runs, const std::string& name, auto fact) {
  std::vector<std::string> values;
  for (const RunRecord& run : runs) values.push_back(run.run ? fact(*run.run) : "");
  const bool shared = std::ranges::count(values, values[0]) == std::ssize(values);
  for (std::size_t i = 0; i < (shared ? 1 : values.size()); ++i)
    if (!values[i].empty())
      report.provenance.emplace_back(shared ? name : name + ", `" + runs[i].name + "`", values[i]);
}

std::string data_text(const std::string& spec, const std::string& fingerprint) {
  return spec.empty() ? "" : fmt::format("{} (fingerprint {})", spec, fingerprint);
}

void add_provenance(Report& report, const Runs& runs) {
  const auto add = [&](const std::string& name, auto fact) { add_fact(report, runs, name, fact); };
  add("command", [](const RecordedRun& run) { return "evenkeel " + join(run.description.command, " "); });
  add("started", [](const RecordedRun& run) { return run.description.started; });
  add("data", [](const auto& run) { return data_text(run.description.data, run.description.data_fingerprint); });
  add("validation data",
      [](const auto& run) { return data_text(run.description.validation, run.description.validation_fingerprint); });
  add("Evenkeel", [](const RecordedRun& run) { return run.version; });
  add("precision", [](const RecordedRun& run) { return run.precision; });
  add("machine", [](const RecordedRun& run) {
    return fmt::format("{} ({}), {} thread{}", run.cpu, run.cpu_features, run.threads, run.threads == 1 ? "" : "s");
  });
}

/// Folders with the same name are shown with their whole path.
void tell_apart(Runs& runs, const std::vector<std::filesystem::path>& folders) {
  std::vector<std::string> names;
  for (const RunRecord& run : runs) names.push_back(run.name);
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (std::ranges::count(names, names[i]) > 1) runs[i].name = folders[i].string();
}

}  // namespace

Report compare_runs(const std::vector<std::filesystem::path>& folders) {
  Report report;
  Runs runs;
  std::vector<std::filesystem::path> read;
  for (const auto& folder : folders) {
    try {
      runs.push_back(read_run_record(folder));
      read.push_back(folder);
    } catch (const Error& error) {
      if (folders.size() == 1) throw;
      report.notes.emplace_back(error.what());
    }
  }
  if (runs.empty())
    throw Error{{.where = "report", .expected = "at least one run folder", .received = join(report.notes, " ")}};
  tell_apart(runs, read);
  for (const RunRecord& run : runs) report.notes.insert(report.notes.end(), run.notes.begin(), run.notes.end());

  report.title = runs.size() == 1 ? runs[0].name : fmt::format("{} runs", runs.size());
  report.question = runs.size() == 1 ? "How did the run go?" : "Which run did best, and in what do they differ?";
  report.answer = answer_of(runs);
  if (runs.size() > 1)
    report.notes.emplace_back("Each run is one sample: a small difference between two runs may be luck.");
  Section results{.title = "Results", .parts = {results_of(runs)}};
  if (auto differences = differences_of(runs)) results.parts.emplace_back(std::move(*differences));
  report.sections.push_back(std::move(results));
  for (Section section : {curves_of(runs), networks_of(runs)})
    if (!section.parts.empty()) report.sections.push_back(std::move(section));
  add_provenance(report, runs);
  return report;
}

}  // namespace evenkeel
