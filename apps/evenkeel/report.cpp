#include <filesystem>

#include "commands.h"
#include "common.h"
#include "evenkeel/formats/file.h"
#include "evenkeel/report/run_comparison.h"
#include "evenkeel/report/writers/page_json.h"
#include "evenkeel/runs/run_record.h"
#include "evenkeel/studies/study_json.h"
#include "evenkeel/studies/study_report.h"
#include "report_file.h"
#include "report_text.h"

namespace evenkeel::app {
namespace {

namespace fs = std::filesystem;

struct ReportArguments {
  Shared shared;
  std::vector<std::string> runs;
  std::string out;
};

/// A study's own report of what it left, or any runs side by side.
Report report_of(const std::vector<std::string>& runs) {
  std::string damaged;
  if (runs.size() == 1 && formats::exists(fs::path(runs[0]) / "study.json")) {
    try {
      const StudyResult result = read_study(runs[0]);
      return study_report(*make_study(result.study, result.settings), result);
    } catch (const Error& error) {
      damaged = error.what();
    }
  }
  std::vector<fs::path> folders;
  for (const std::string& run : runs)
    for (const fs::path& folder : run_folders_in(run)) folders.push_back(folder);
  Report report = compare_runs(folders);
  if (!damaged.empty()) report.notes.push_back(damaged);
  return report;
}

int run_report(const ReportArguments& a) {
  const fs::path out = !a.out.empty()       ? fs::path(a.out)
                       : a.runs.size() == 1 ? fs::path(a.runs[0]) / "report.html"
                                            : fs::path("report.html");
  const Report report = report_of(a.runs);
  write_report(out, report);
  for (const std::string& note : report.notes) say(a.shared, "{}", without_backquotes(note));
  if (a.shared.json)
    print_text(report_json(report));
  else
    print("{}\n\n{}\n", without_backquotes(report.answer), Lines{table_of(report)});
  say(a.shared, "{}", out.string());
  return kDone;
}

}  // namespace

void add_report(CLI::App& app, Command& chosen) {
  const auto a = std::make_shared<ReportArguments>();
  CLI::App& command = add_command(app, "report", "Compares runs on one page: curves, figures, networks, settings.",
                                  "  evenkeel report runs/lenet runs/lenet_batch_norm_dropout --out lenets.html\n"
                                  "  evenkeel report runs/depth --json");
  command.add_option("RUN", a->runs, "run folders, or the folder of a study, whose report is written again")
      ->required()
      ->option_text("...");
  command
      .add_option("--out", a->out,
                  "write to this file: a page, or by its ending .json or .csv; default report.html, in the "
                  "folder where one is given")
      ->option_text("FILE");
  add_output_flags(command, a->shared);
  command.callback([a, &chosen] { chosen = [a] { return run_report(*a); }; });
}

}  // namespace evenkeel::app
