#include "evenkeel/report/run_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/base/number.h"
#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

struct RankedRun {
  const RunRecord* run;
  Outcome outcome;
};

/// What a figure was measured on, by the run's record.
struct Measured {
  std::string spec, fingerprint;
};

Measured data_of(const RunRecord& run, const std::string& column) {
  if (!run.run) return {};
  const RunDescription& d = run.run->description;
  if (column.starts_with("val_")) return {d.validation, d.validation_fingerprint};
  return {d.data, d.data_fingerprint};
}

std::string figure(double value) { return fmt::format("{:.4f}", Number{value}); }

std::string listed(const std::vector<RankedRun>& entries, const std::string& column) {
  std::vector<std::string> parts;
  for (const RankedRun& e : entries) {
    const std::string spec = data_of(*e.run, column).spec;
    parts.push_back(fmt::format("`{}` {}", e.run->name, figure(e.outcome.final)) +
                    (spec.empty() ? "" : fmt::format(" on {}", spec)));
  }
  return join(parts);
}

/// The first column of quality (val_accuracy, ...) that at least two runs have; that one run has, if there is only one.
std::string deciding_column(const std::vector<RunRecord>& runs) {
  for (const std::ptrdiff_t enough : {2, 1})
    for (const char* column : {"val_accuracy", "val_loss", "accuracy", "loss"})
      if (std::ranges::count_if(runs, [&](const auto& run) { return outcome_of(run, column).has_value(); }) >= enough)
        return column;
  return {};
}

/// Best first; NaN last.
std::vector<RankedRun> ranked(const std::vector<RunRecord>& runs, const std::string& column) {
  std::vector<RankedRun> entries;
  for (const RunRecord& run : runs)
    if (const auto outcome = outcome_of(run, column)) entries.push_back({&run, *outcome});
  std::ranges::stable_sort(entries, [&](const RankedRun& a, const RankedRun& b) {
    if (std::isnan(a.outcome.final) || std::isnan(b.outcome.final))
      return !std::isnan(a.outcome.final) && std::isnan(b.outcome.final);
    return is_loss(column) ? a.outcome.final < b.outcome.final : a.outcome.final > b.outcome.final;
  });
  return entries;
}

std::string alone(const RankedRun& e, const std::string& column) {
  const std::string end = fmt::format("`{}` ends with {} {}", e.run->name, spoken(column), figure(e.outcome.final));
  if (e.outcome.best == e.outcome.final) return end + ", its best.";
  return fmt::format("{}; its best, {}, was at step {:.0f}.", end, figure(e.outcome.best), e.outcome.best_step);
}

std::string best_of(const std::vector<RankedRun>& entries, const std::string& column) {
  const RankedRun &first = entries[0], &second = entries[1];
  if (std::isnan(first.outcome.final)) return fmt::format("No run ends with a finite {}.", spoken(column));
  if (std::isnan(second.outcome.final))
    return fmt::format("Only `{}` ends with a finite {}: {}.", first.run->name, spoken(column),
                       figure(first.outcome.final));
  if (first.outcome.final == second.outcome.final)
    return fmt::format("`{}` and `{}` end with the same {}, {}.", first.run->name, second.run->name, spoken(column),
                       figure(first.outcome.final));
  const double by = std::abs(first.outcome.final - second.outcome.final);
  return fmt::format("`{}` ends with the best {}, {}: {} {} than `{}` with {}.", first.run->name, spoken(column),
                     figure(first.outcome.final), by < 5e-5 ? fmt::format("{:.1e}", by) : figure(by),
                     is_loss(column) ? "lower" : "higher", second.run->name, figure(second.outcome.final));
}

}  // namespace

bool is_loss(const std::string& column) { return column.find("loss") != std::string::npos; }

std::vector<double> steps_of(const MetricsTable& metrics) {
  const MetricsTable::Column* steps = metrics.find("step");
  if (!steps) steps = metrics.find("epoch");
  std::vector<double> known;
  for (std::size_t i = 0; i < metrics.rows(); ++i) {
    const double row = static_cast<double>(i + 1);
    known.push_back(steps ? (*steps)[i].value_or(row) : row);
  }
  return known;
}

std::optional<Outcome> outcome_of(const RunRecord& run, const std::string& column) {
  const MetricsTable::Column* values = run.metrics.find(column);
  if (!values) return {};
  const std::vector<double> steps = steps_of(run.metrics);
  Outcome outcome{.final = std::nan(""), .best = std::nan("")};
  for (std::size_t i = 0; i < values->size(); ++i) {
    if (!(*values)[i]) continue;
    const double value = *(*values)[i];
    outcome.final = std::isfinite(value) ? value : std::nan("");
    if (!std::isfinite(value)) continue;
    const bool better = is_loss(column) ? value < outcome.best : value > outcome.best;
    if (!better && !std::isnan(outcome.best)) continue;
    outcome.best = value;
    outcome.best_step = steps[i];
  }
  return std::isnan(outcome.best) ? std::nullopt : std::optional(outcome);
}

std::string spoken(const std::string& column) {
  std::string text = column.starts_with("val_") ? "validation " + column.substr(4) : column;
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::string answer_of(const std::vector<RunRecord>& runs) {
  const std::string column = deciding_column(runs);
  if (column.empty()) return "No run has measured anything yet.";
  const std::vector<RankedRun> entries = ranked(runs, column);
  if (entries.size() == 1) return alone(entries[0], column);
  const Measured first = data_of(*entries[0].run, column);
  const bool same_data = std::ranges::all_of(entries, [&](const RankedRun& e) {
    const Measured other = data_of(*e.run, column);
    return other.fingerprint == first.fingerprint && (!other.fingerprint.empty() || other.spec == first.spec);
  });
  if (!same_data)
    return fmt::format("The runs' {} is not comparable, for it was measured on different data: {}.", spoken(column),
                       listed(entries, column));
  return best_of(entries, column);
}

}  // namespace evenkeel
