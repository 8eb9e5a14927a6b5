#include <filesystem>

#include "commands.h"
#include "common.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/report/html.h"
#include "evenkeel/report/page_json.h"
#include "evenkeel/report/run_comparison.h"
#include "evenkeel/report/run_record.h"
#include "table.h"

namespace evenkeel::app {
namespace {

namespace fs = std::filesystem;

struct ReportArguments {
  Shared shared;
  std::vector<std::string> runs;
  std::string out;
};

/// By the file's ending.
std::string written(const Report& report, const fs::path& file) {
  const std::string ending = file.extension().string();
  if (ending == ".html" || ending == ".htm") return html(report);
  if (ending == ".json") return report_json(report);
  if (ending == ".csv") return report_csv(report);
  throw Error{{.where = "--out", .expected = "a file that ends in .html, .json or .csv", .received = file.string()}};
}

/// Text for a terminal: names are as good without backquotes.
std::string without_backquotes(std::string text) {
  std::erase(text, '`');
  return text;
}

std::string first_table(const Report& report) {
  for (const Section& section : report.sections)
    for (const Part& part : section.parts)
      if (const auto* page_table = std::get_if<PageTable>(&part)) {
        Table table(page_table->columns);
        for (std::vector<std::string> row : page_table->rows) {
          for (std::string& cell : row) cell = without_backquotes(std::move(cell));
          table.row(std::move(row));
        }
        return table.text();
      }
  return {};
}

int run_report(const ReportArguments& a) {
  std::vector<fs::path> folders;
  for (const std::string& run : a.runs)
    for (const fs::path& folder : run_folders_in(run)) folders.push_back(folder);
  const fs::path out = !a.out.empty()        ? fs::path(a.out)
                       : a.runs.size() == 1 ? fs::path(a.runs[0]) / "report.html"
                                             : fs::path("report.html");
  const Report report = compare_runs(folders);
  formats::write_file_atomically(out, written(report, out));
  for (const std::string& note : report.notes) say(a.shared, "{}", without_backquotes(note));
  if (a.shared.json)
    fmt::print("{}", report_json(report));
  else
    fmt::print("{}\n\n{}\n", without_backquotes(report.answer), first_table(report));
  say(a.shared, "{}", out.string());
  return kDone;
}

}  // namespace

void add_report(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<ReportArguments>();
  CLI::App& command = add_command(app, "report", "Lays runs side by side on one page: curves, figures, networks, settings.",
                                  "  evenkeel report runs/lenet runs/lenet_batch_norm_dropout --out lenets.html\n"
                                  "  evenkeel report runs/depth --json");
  command.add_option("RUN", a->runs, "run folders, or a study's folder")->required()->option_text("...");
  command
      .add_option("--out", a->out, "write to this file: a page, or by its ending .json or .csv; default report.html, in the "
                                   "folder where one is given")
      ->option_text("FILE");
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return run_report(*a); }; });
}

}  // namespace evenkeel::app
