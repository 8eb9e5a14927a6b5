#include <charconv>
#include <map>
#include <optional>

#include "command_tree.h"
#include "commands.h"
#include "common.h"
#include "evenkeel/base/text.h"
#include "evenkeel/base/version.h"
#include "evenkeel/data/sources.h"
#include "evenkeel/distributed/messages.h"
#include "evenkeel/runs/run_folder.h"
#include "evenkeel/studies/run_study.h"
#include "evenkeel/studies/study_json.h"
#include "evenkeel/studies/study_report.h"
#include "interruption.h"
#include "processes.h"
#include "report_file.h"
#include "report_text.h"
#include "study_display.h"

namespace evenkeel::app {
namespace {

struct StudyArguments {
  Shared shared;
  Settings settings;  ///< the precision
  std::string name, data, out, sweep, depth;
  bool quick = false, resume = false;
  std::optional<std::uint64_t> seed, seeds;
  std::optional<std::int64_t> rounds;
  std::vector<std::string> command_line;
};

/// "learning_rate=0.001,0.01"
std::optional<StudySweep> sweep_of(const StudyArguments& a) {
  const std::string text = a.depth.empty() ? a.sweep : "depth=" + a.depth;
  if (text.empty()) return {};
  const auto refuse = [&](const std::string& received) {
    return Error{{.where = "--sweep", .expected = "NAME=VALUE,VALUE,...", .received = '"' + received + '"'}};
  };
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) throw refuse(text);
  StudySweep sweep{.name = text.substr(0, equals), .values = {}};
  for (const std::string_view part : split(std::string_view(text).substr(equals + 1), ',')) {
    double value = 0;
    const auto parsed = std::from_chars(part.data(), part.data() + part.size(), value);
    if (parsed.ec != std::errc() || parsed.ptr != part.data() + part.size()) throw refuse(text);
    sweep.values.push_back(value);
  }
  return sweep;
}

/// The first of the study's data sets that is on this disk.
std::string data_name(const StudyArguments& a, const StudyInfo& info) {
  if (!a.data.empty()) return a.data;
  for (const std::string& name : info.datasets)
    if (find_source(name, a.shared.data_dir)) {
      if (name != info.datasets.front())
        say(a.shared,
            "{0} is not on this disk: running on {1}, drawn by the program. `evenkeel data fetch {0}` brings it.",
            info.datasets.front(), name);
      return name;
    }
  return info.datasets.back();
}

/// What the page says first, for a terminal.
std::string summary_of(const Report& report) {
  std::string text = fmt::format("{}\n{}\n{}\n", table_of(report), table_of(report, "Time"), report.answer);
  for (const std::string& note : report.notes) text += note + '\n';
  return without_backquotes(std::move(text));
}

StudyPlan plan_of(const StudyArguments& a, const std::filesystem::path& out) {
  StudyPlan plan{.seeds = {a.seed.value_or(0)},
                 .compute = network_options(a.shared, a.settings).compute,
                 .out = out,
                 .resume = a.resume,
                 .among = among(),
                 .command = a.command_line,
                 .started = now_text()};
  if (a.seeds) {
    plan.seeds.clear();
    for (std::uint64_t seed = 0; seed < *a.seeds; ++seed) plan.seeds.push_back(seed);
  }
  return plan;
}

/// The data sets in memory: studies share them.
using LoadedData = std::map<std::string, StudyData>;

const StudyData& loaded(const StudyArguments& a, const std::string& set, LoadedData& all) {
  const auto found = all.find(set);
  if (found != all.end()) return found->second;
  return all
      .emplace(set, StudyData{.train = load_dataset(set + ":train", Split::train, a.shared.data_dir),
                              .test = load_dataset(set + ":test", Split::test, a.shared.data_dir)})
      .first->second;
}

/// Runs one study and leaves its folder. False if interrupted.
bool run_one(const StudyArguments& a, const std::string& name, const std::filesystem::path& out,
             const Interruption& interruption, LoadedData& all, Json& results) {
  const StudyInfo& info = study_info(name);
  const StudySettings settings{.quick = a.quick, .sweep = sweep_of(a), .rounds = a.rounds};
  const StudyData& data = loaded(a, data_name(a, info), all);
  const auto study = make_study(name, settings, data);
  const StudyPlan plan = plan_of(a, out);
  agree_on({{"version", kVersion},
            {"program", program_digest()},
            {"fingerprint of the data", data.train.fingerprint()},
            {"fingerprint of the test data", data.test.fingerprint()}});
  begin_together();
  StudyResult result;
  {
    StudyDisplay display(a.shared);
    result = run_study(*study, settings, data, plan, display, interruption.token());
  }
  // Only one process may have been told to stop; all end then.
  const bool stopped = among() ? any(*among(), interruption.requested()) : interruption.requested();
  if (!is_first_process()) return !stopped;
  results.push_back(json_of(result));
  const Report report = study_report(*study, result);
  for (const char* file : {"report.html", "report.json", "report.csv"}) write_report(out / file, report);
  if (!a.shared.json) {
    print("\n{} on {}\n\n{}\nThe report is {}\n", info.name, result.data, Lines{summary_of(report)},
          (out / "report.html").string());
    flush_output();
  }
  return !stopped;
}

/// What is one study's cannot be asked of all.
void check(const StudyArguments& a) {
  if (a.name != "all") return;
  for (const auto& [flag, is_given] :
       {std::pair{"--sweep", !a.sweep.empty()}, {"--depth", !a.depth.empty()}, {"--rounds", a.rounds.has_value()}})
    if (is_given)
      throw Error{{.where = flag, .expected = "a single study, which it belongs to", .received = "\"all\""}};
}

int run_study_command(const StudyArguments& a) {
  check(a);
  if (a.resume && a.out.empty())
    throw Error{
        {.where = "evenkeel study --resume", .expected = "--out DIR of the study to continue", .received = "none"}};
  const Interruption interruption;
  const bool all = a.name == "all";
  std::filesystem::path out =
      a.out.empty() ? RunFolder::free_path(all ? "studies" : a.name) : std::filesystem::path(a.out);
  if (among()) out = broadcast_text(*among(), out.string());
  Json results = Json::array();
  LoadedData data;
  bool complete = true;
  for (const std::string& name : all ? study_names() : std::vector{a.name}) {
    complete = complete && run_one(a, name, all ? out / name : out, interruption, data, results);
    if (!complete) break;
  }
  if (!is_first_process()) return complete ? kDone : kInterrupted;
  if (a.shared.json) print_json(all ? Json{{"studies", results}} : results.front());
  if (!complete) say(a.shared, "interrupted; --resume --out {} continues it", out.string());
  return complete ? kDone : kInterrupted;
}

}  // namespace

void add_study(CLI::App& app, Command& chosen, const std::vector<std::string>& command_line) {
  const auto a = std::make_shared<StudyArguments>();
  CLI::App& command =
      add_command(app, "study", "Trains the variants of a study, compares their results and writes a report.",
                  "  evenkeel study placement --quick --seeds 5 --out runs/placement\n"
                  "  evenkeel study speedup --quick --sweep learning_rate=0.0003,0.001,0.003,0.01\n"
                  "  mpirun -n 4 evenkeel study placement --seeds 20 --threads 1 --out runs/placement");
  std::vector<std::string> names = study_names();
  names.emplace_back("all");
  choose_from(command.add_option("NAME", a->name, join(names))->required()->option_text(" "), names);
  command.add_flag("--quick", a->quick, "a small version of the study; it says what was scaled down");
  CLI::Option* seed = command.add_option("--seed", a->seed, "one run, with this seed; default 0")->option_text("N");
  command.add_option("--seeds", a->seeds, "a run for each seed from 0 to N-1")
      ->option_text("N")
      ->check(CLI::Range(1, 1000))
      ->excludes(seed);
  command
      .add_option("--data", a->data,
                  "a named set; default the study's own where it is found, else one drawn by the program")
      ->option_text("NAME");
  CLI::Option* sweep = command
                           .add_option(
                               "--sweep", a->sweep,
                               "repeat every variant over values; " +
                                   [] {
                                     std::string text;
                                     for (const std::string& name : study_names())
                                       if (const auto& sweeps = study_info(name).sweeps; !sweeps.empty())
                                         text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", name, join(sweeps));
                                     return text;
                                   }())
                           ->option_text("NAME=V,V,...");
  command.add_option("--depth", a->depth, "depth: the same as --sweep depth=N,N,...")
      ->option_text("N,N,...")
      ->excludes(sweep);
  command.add_option("--rounds", a->rounds, "speedup, dropout: rounds of two epochs, each with an evaluation")
      ->option_text("N")
      ->check(at_least(1));
  add_precision_flags(command, a->shared, a->settings);
  command.add_option("--out", a->out, "the folder for runs, study.json and the report; default runs/<study>-<n>")
      ->option_text("DIR");
  command.add_flag("--resume", a->resume,
                   "continue the study in --out: complete runs are kept, an interrupted one continues");
  add_threads_flag(command, a->shared);
  add_data_dir_flag(command, a->shared);
  add_output_flags(command, a->shared);
  a->command_line = command_line;
  command.callback([a, &chosen] { chosen = [a] { return run_study_command(*a); }; });
}

}  // namespace evenkeel::app
