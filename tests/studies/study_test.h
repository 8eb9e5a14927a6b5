#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "evenkeel/data/strokes.h"
#include "evenkeel/studies/run_study.h"

namespace evenkeel {

/// One thread: several tests run at a time, and their networks are small.
inline StudyPlan one_thread(std::vector<std::uint64_t> seeds = {0}) {
  return {.seeds = std::move(seeds), .compute = {.threads = 1}};
}

/// Keeps what a study says while it runs.
class Watcher : public StudyObserver {
 public:
  void run_begins(const StudyVariant& variant, std::uint64_t) override { begun.push_back(variant.name); }
  void step(std::int64_t done, std::int64_t, const Metrics&) override {
    steps = done;
    if (stop_after == 0) return;
    if (--stop_after == 0) stop.request_stop();
  }
  void line(const std::string& text) override { lines.push_back(text); }
  void run_ends(const StudyVariant&, const StudyRun&, bool was_kept) override { kept += was_kept; }

  std::vector<std::string> begun, lines;
  std::int64_t steps = 0;
  int kept = 0;
  std::stop_source stop;
  std::int64_t stop_after = 0;  ///< steps, over all runs; 0: never
};

/// A result as this study would leave it on the data that were published on, with one run per value and seed.
inline StudyResult made_result(const Study& study, const std::string& figure,
                               const std::vector<std::vector<double>>& values_by_variant) {
  StudyResult result{
      .study = study.info().name, .data = study.info().datasets.front() + ":train", .variants = study.variants()};
  for (std::size_t v = 0; v < values_by_variant.size(); ++v)
    for (std::size_t seed = 0; seed < values_by_variant[v].size(); ++seed)
      result.variants[v].runs.push_back({.seed = seed, .steps = 10, .figures = {{figure, values_by_variant[v][seed]}}});
  return result;
}

/// Gives every run of a variant one more figure, by seed.
inline void add_figure(StudyResult& result, const std::string& variant, const std::string& figure,
                       const std::vector<double>& values) {
  for (StudyVariant& v : result.variants)
    if (v.name == variant)
      for (std::size_t seed = 0; seed < values.size(); ++seed) v.runs.at(seed).figures[figure] = values[seed];
}

/// The same with re-estimated statistics.
inline void add_reestimated(StudyResult& result, const std::string& variant, const std::string& figure,
                            const std::vector<double>& values) {
  for (StudyVariant& v : result.variants)
    if (v.name == variant)
      for (std::size_t seed = 0; seed < values.size(); ++seed) v.runs.at(seed).reestimated[figure] = values[seed];
}

/// Lets the doctor find this in every run of a variant.
inline void add_finding(StudyResult& result, const std::string& variant, const std::string& code,
                        Severity severity = Severity::error) {
  for (StudyVariant& v : result.variants)
    if (v.name == variant)
      for (StudyRun& run : v.runs)
        run.findings.push_back({.code = code, .severity = severity, .layers = {"bn"}, .cause = "the cause of " + code});
}

/// All figures and series of a run, to compare runs.
inline std::string figures_text(const StudyRun& run) {
  std::string text;
  for (const Figures& figures : {run.figures, run.reestimated})
    for (const auto& [name, value] : figures) text += name + '=' + std::to_string(value) + ' ';
  for (const Finding& finding : run.findings) text += finding.code + ' ' + finding.cause + ' ';
  for (const Series& s : run.series)
    for (const double y : s.y) text += s.name + ' ' + std::to_string(y) + ' ';
  return text;
}

}  // namespace evenkeel
