#include "evenkeel/studies/study_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <set>

#include "evenkeel/base/sample.h"
#include "evenkeel/base/text.h"
#include "evenkeel/report/run_answer.h"
#include "evenkeel/studies/artifacts.h"

namespace evenkeel {
namespace {

std::string label_of(const StudyRun& run) { return fmt::format("seed {}", run.seed); }

bool is_empty(const Part& part) {
  if (const auto* lines = std::get_if<LineChart>(&part)) return lines->curves.empty();
  if (const auto* dots = std::get_if<DotChart>(&part)) return dots->rows.empty();
  if (const auto* table = std::get_if<PageTable>(&part)) return table->rows.empty();
  return false;
}

/// The layers of all profiles, in the order of the networks. A layer that only a deeper network has is put after the
/// layer that precedes it there.
std::vector<std::string> all_layers(const std::vector<const Profile*>& profiles) {
  std::vector<std::string> all;
  for (const Profile* profile : profiles) {
    auto next = all.begin();
    for (const std::string& layer : profile->layers) {
      const auto found = std::ranges::find(all, layer);
      next = std::next(found == all.end() ? all.insert(next, layer) : found);
    }
  }
  return all;
}

/// The figures that some of these variants have.
std::vector<StudyFigure> figures_of(const StudyInfo& info, const std::vector<const StudyVariant*>& variants) {
  std::vector<StudyFigure> figures = info.figures;
  std::erase_if(figures, [&](const StudyFigure& figure) {
    return std::ranges::all_of(variants, [&](const StudyVariant* v) { return v->values(figure.key).empty(); });
  });
  return figures;
}

std::vector<std::string> titles_of(const std::string& first, const std::string& second,
                                   const std::vector<StudyFigure>& figures) {
  std::vector<std::string> titles = {first, second};
  for (const StudyFigure& figure : figures) titles.push_back('>' + figure.title);
  return titles;
}

/// What a study varies besides its sweep is shown in a chart of its own, not as a row among the variants.
bool is_listed(const StudyVariant& variant, const StudyResult& result) {
  return variant.settings.empty() || result.settings.sweep;
}

std::string reestimated_name(const StudyVariant& variant) { return variant.name + ", re-estimated"; }

/// Adds the row of a variant or a run to a table of figures, if `values` has something for one of them.
template <class F>
void add_row(PageTable& table, const std::string& name, const std::string& second,
             const std::vector<StudyFigure>& figures, F&& text) {
  std::vector<std::string> row = {name, second};
  for (const StudyFigure& figure : figures) row.push_back(text(figure));
  const bool has_any = std::any_of(row.begin() + 2, row.end(), [](const std::string& cell) { return !cell.empty(); });
  if (has_any) table.rows.push_back(std::move(row));
}

constexpr const char* kReestimated =
    " Re-estimated: the same weights with statistics re-estimated from training data in place of the moving ones.";

PageTable summary_table(const StudyInfo& info, const StudyResult& result) {
  std::vector<const StudyVariant*> variants;
  for (const StudyVariant& v : result.variants)
    if (!v.runs.empty() && is_listed(v, result)) variants.push_back(&v);
  const auto figures = figures_of(info, variants);
  PageTable table{.title = "The variants", .columns = titles_of("variant", ">seeds", figures), .rows = {}};
  bool reestimated = false;
  for (const StudyVariant* variant : variants) {
    add_row(table, variant->name, std::to_string(variant->runs.size()), figures,
            [&](const StudyFigure& figure) { return figure_text(*variant, figure); });
    const std::size_t rows = table.rows.size();
    add_row(table, reestimated_name(*variant), "", figures, [&](const StudyFigure& figure) {
      const auto values = variant->reestimated(figure.key);
      return values.empty() ? "" : value_text(values, figure.decimals);
    });
    reestimated = reestimated || table.rows.size() > rows;
  }
  table.caption =
      "Mean ± standard deviation over the seeds. – means not reached, or not defined for this variant. Where only "
      "some runs have a value, their range is shown.";
  if (reestimated) table.caption += kReestimated;
  return table;
}

PageTable table_of_runs(const StudyInfo& info, const StudyResult& result) {
  std::vector<const StudyVariant*> variants;
  for (const StudyVariant& v : result.variants) variants.push_back(&v);
  const auto figures = figures_of(info, variants);
  PageTable table{.title = "", .columns = titles_of("variant", ">seed", figures), .rows = {}};
  for (const StudyVariant* variant : variants)
    for (const StudyRun& run : variant->runs) {
      const std::string seed = std::to_string(run.seed);
      add_row(table, variant->name, seed, figures, [&](const StudyFigure& figure) {
        const auto value = run.figure(figure.key);
        return value_text(value ? std::vector{*value} : std::vector<double>(), figure.decimals);
      });
      add_row(table, reestimated_name(*variant), seed, figures, [&](const StudyFigure& figure) {
        const auto found = run.reestimated.find(figure.key);
        return found == run.reestimated.end() ? "" : value_text({found->second}, figure.decimals);
      });
    }
  return table;
}

/// Whether the data are those of the publication.
bool has_published_data(const StudyResult& result) {
  return result.data.substr(0, result.data.find(':')) == study_info(result.study).datasets.front();
}

/// The published results with which these may be compared.
std::vector<PublishedRange> published_of(const Study& study, const StudyResult& result) {
  const StudyInfo& info = study.info();
  const bool as_published = !result.settings.quick && study.other_rounds().empty() && has_published_data(result);
  return as_published || info.quick_is_comparable ? info.published : std::vector<PublishedRange>();
}

PageTable published_table(const StudyInfo& info, const StudyResult& result, const std::vector<PublishedRange>& all) {
  PageTable table{.title = "Published and measured",
                  .columns = {"variant", "figure", ">published", ">independent", ">measured"},
                  .rows = {}};
  const auto range_text = [&](const std::string& variant, const StudyFigure& figure, const std::string& source) {
    std::string text;
    for (const PublishedRange& p : all)
      if (p.variant == variant && p.figure == figure.key && p.source == source)
        text = p.low == p.high ? fmt::format("{:g}", p.low) : fmt::format("{:g} to {:g}", p.low, p.high);
    return text;
  };
  for (const StudyVariant& variant : result.variants)
    for (const StudyFigure& figure : info.figures) {
      const std::string published = range_text(variant.name, figure, "published");
      const std::string independent = range_text(variant.name, figure, "independent");
      const auto values = variant.values(figure.key);
      if ((published.empty() && independent.empty()) || values.empty()) continue;
      table.rows.push_back({variant.name, figure.title, published, independent, figure_text(variant, figure)});
    }
  table.caption =
      "Published: what the original notebook prints. Independent: Keras 3.15 or PyTorch 2.15 with the same "
      "settings on the same data.";
  return table;
}

PageTable time_table(const StudyResult& result) {
  PageTable table{.title = "Time",
                  .columns = {"variant", ">parameters", ">steps", ">ms a step", ">images/s", ">seconds of training"},
                  .rows = {}};
  for (const StudyVariant& variant : result.variants) {
    std::vector<double> seconds, rates, step_ms;
    for (const StudyRun& run : variant.runs)
      if (run.steps > 0) {
        seconds.push_back(run.seconds);
        rates.push_back(run.images_per_s);
        step_ms.push_back(1000 * run.seconds / static_cast<double>(run.steps));
      }
    if (seconds.empty()) continue;
    table.rows.push_back({variant.name, std::to_string(variant.parameters), std::to_string(variant.runs.front().steps),
                          fmt::format("{:.2f}", mean_of(step_ms)), fmt::format("{:.0f}", mean_of(rates)),
                          fmt::format("{:.1f}", mean_of(seconds))});
  }
  table.caption = "Training steps alone, without evaluation; the mean over the seeds.";
  return table;
}

/// A figure of every run as a point, a row per variant, with published results and, if every run has the figure, the
/// mean.
DotChart figure_chart(const StudyResult& result, const StudyFigure& figure,
                      const std::vector<PublishedRange>& published) {
  DotChart chart{.title = spoken(figure.key), .x_label = "", .rows = {}};
  for (const StudyVariant& variant : result.variants) {
    const auto values = variant.values(figure.key);
    if (values.empty() || !is_listed(variant, result)) continue;
    DotChart::Row row{.name = variant.name, .dots = {}, .mean = variant.mean(figure.key)};
    for (const StudyRun& run : variant.runs)
      if (const auto value = run.figure(figure.key)) row.dots.emplace_back(label_of(run), *value);
    for (const PublishedRange& p : published) {
      if (p.variant != variant.name || p.figure != figure.key) continue;
      if (p.low != p.high && p.source == "published") {
        row.published_range = {p.low, p.high};
      } else {
        row.marks.emplace_back(p.source, p.low);
        if (p.low != p.high) row.marks.emplace_back(p.source, p.high);
      }
    }
    chart.rows.push_back(std::move(row));
    const auto reestimated = variant.reestimated(figure.key);
    if (reestimated.empty()) continue;
    DotChart::Row again{.name = reestimated_name(variant), .dots = {}, .mean = variant.mean(reestimated)};
    for (const StudyRun& run : variant.runs)
      if (const auto value = run.reestimated_figure(figure.key)) again.dots.emplace_back(label_of(run), *value);
    chart.rows.push_back(std::move(again));
  }
  return chart;
}

void add_result(const StudyInfo& info, const StudyResult& result, const std::vector<PublishedRange>& published,
                Report& report) {
  std::vector<Part> parts;
  for (const StudyFigure& figure : info.figures) {
    const bool declared = info.comparison && info.comparison->figure == figure.key;
    const bool known = std::ranges::any_of(info.published, [&](const auto& p) { return p.figure == figure.key; });
    if (declared || known) parts.emplace_back(figure_chart(result, figure, published));
  }
  parts.emplace_back(summary_table(info, result));
  add_section(report, "Result", std::move(parts));
}

/// The variants that the declared comparison is about, at each value of a sweep.
std::vector<std::array<const StudyVariant*, 2>> compared(const StudyComparison& c, const StudyResult& result) {
  if (!result.settings.sweep) return {{result.find(c.first), result.find(c.second)}};
  std::vector<std::array<const StudyVariant*, 2>> pairs;
  for (const StudyVariant& first : result.variants)
    for (const StudyVariant& second : result.variants)
      if (base_name(first) == c.first && base_name(second) == c.second && first.settings == second.settings)
        pairs.push_back({&first, &second});
  return pairs;
}

void add_comparison(const StudyInfo& info, const StudyResult& result, Report& report) {
  if (!info.comparison) return;
  std::vector<Part> parts;
  for (const auto& [first, second] : compared(*info.comparison, result)) {
    const std::string text = comparison_text(info, first, second);
    parts.emplace_back(Paragraph{text});
    if (!result.settings.sweep) report.answer += ' ' + text;
  }
  if (parts.size() > 1)
    parts.emplace_back(Paragraph{
        "Each interval is computed on its own: of many 95 % intervals, about one in twenty misses the true value."});
  add_section(report, "The comparison declared beforehand", std::move(parts));
}

/// One variant of each kind, because a sweep repeats them.
void add_networks(const StudyResult& result, Report& report) {
  std::vector<Part> diagrams;
  std::set<std::string> drawn;
  for (const StudyVariant& variant : result.variants)
    if (variant.model.layers() > 0 && drawn.insert(base_name(variant)).second)
      diagrams.emplace_back(Diagram{.title = variant.name + ": " + variant.description, .model = variant.model});
  add_section(report, "The networks", std::move(diagrams));
}

/// In what this study is smaller than, or different from, the published one.
std::vector<std::string> notes_of_scale(const Study& study, const StudyResult& result) {
  const StudyInfo& info = study.info();
  const std::string rounds = study.other_rounds();
  std::vector<std::string> notes;
  if (result.settings.quick)
    notes.push_back("A quick look, not the study itself: " + info.quick + (rounds.empty() ? "" : "; " + rounds) + '.');
  else if (!rounds.empty())
    notes.push_back("Not the whole study: " + rounds + '.');
  if (!has_published_data(result) && !info.quick_is_comparable)
    notes.push_back(fmt::format("Run on {}: the published figures were measured on {} and are not comparable.",
                                result.data.empty() ? "other data" : result.data, info.datasets.front()));
  return notes;
}

std::vector<std::string> notes_of(const Study& study, const StudyResult& result) {
  std::vector<std::string> notes = notes_of_scale(study, result);
  std::size_t most = 0;
  std::vector<std::string> missing;
  for (const StudyVariant& variant : result.variants) {
    most = std::max(most, variant.runs.size());
    if (variant.runs.empty()) missing.push_back(variant.name);
  }
  if (!missing.empty()) notes.push_back("No complete run: " + join(missing) + ".");
  for (const StudyVariant& variant : result.variants)
    if (!variant.runs.empty() && variant.runs.size() < most)
      notes.push_back(fmt::format("{}: {} of {} seeds.", variant.name, variant.runs.size(), most));
  std::ranges::copy(notes_of_lost_numbers(result), std::back_inserter(notes));
  if (most == 1) notes.emplace_back("One seed: differences may be luck. `--seeds N` repeats the study.");
  return notes;
}

}  // namespace

void add_section(Report& report, const std::string& title, std::vector<Part> parts) {
  std::erase_if(parts, is_empty);
  if (!parts.empty()) report.sections.push_back({.title = title, .parts = std::move(parts)});
}

LineChart curves_chart(const StudyResult& result, const std::string& title, const std::string& x_label,
                       const std::string& y_label, const std::vector<CurvesOf>& curves) {
  LineChart chart{.title = title, .x_label = x_label, .y_label = y_label, .curves = {}};
  for (const StudyVariant& variant : result.variants)
    for (const CurvesOf& of : curves) {
      Curve curve{.name = variant.name + of.suffix, .traces = {}, .dashed = of.dashed, .group = variant.name};
      for (const StudyRun& run : variant.runs)
        if (const Series* series = run.find_curve(of.series))
          curve.traces.push_back({.label = label_of(run), .x = series->x, .y = series->y});
      if (!curve.traces.empty()) chart.curves.push_back(std::move(curve));
    }
  return chart;
}

LineChart profile_chart(const StudyResult& result, const std::string& title, const std::string& y_label,
                        const std::string& profile) {
  LineChart chart{.title = title, .x_label = "layer", .y_label = y_label, .curves = {}};
  std::vector<const Profile*> profiles;
  for (const StudyVariant& variant : result.variants)
    for (const StudyRun& run : variant.runs)
      if (const Profile* found = run.find_profile(profile)) profiles.push_back(found);
  chart.x_names = all_layers(profiles);
  for (const StudyVariant& variant : result.variants) {
    Curve curve{.name = variant.name, .traces = {}};
    for (const StudyRun& run : variant.runs) {
      const Profile* found = run.find_profile(profile);
      if (!found) continue;
      Trace trace{.label = label_of(run), .x = {}, .y = found->values};
      for (const std::string& layer : found->layers)
        trace.x.push_back(static_cast<double>(std::ranges::find(chart.x_names, layer) - chart.x_names.begin()));
      curve.traces.push_back(std::move(trace));
    }
    if (!curve.traces.empty()) chart.curves.push_back(std::move(curve));
  }
  return chart;
}

LineChart sweep_chart(const StudyResult& result, const std::string& title, const StudyFigure& figure) {
  LineChart chart{.title = title, .x_label = "", .y_label = figure.title, .curves = {}};
  if (!result.settings.sweep) return chart;
  const std::string& key = result.settings.sweep->name;
  chart.x_label = key;
  const auto [low, high] = std::ranges::minmax(result.settings.sweep->values);
  chart.log_x = low > 0 && high / low >= 10;
  for (const StudyVariant& variant : result.variants) {
    const auto setting = variant.settings.find(key);
    if (setting == variant.settings.end()) continue;
    const auto add = [&](Curve like, const std::vector<double>& values) {
      auto curve = std::ranges::find(chart.curves, like.name, &Curve::name);
      if (curve == chart.curves.end()) curve = chart.curves.insert(chart.curves.end(), std::move(like));
      const bool complete = variant.mean(values).has_value();
      for (std::size_t i = 0; i < variant.runs.size(); ++i) {
        if (curve->traces.size() <= i) curve->traces.push_back({.label = label_of(variant.runs[i]), .x = {}, .y = {}});
        curve->traces[i].x.push_back(setting->second);
        curve->traces[i].y.push_back(complete ? values[i] : std::nan(""));
      }
    };
    const std::string name = base_name(variant);
    add({.name = name, .traces = {}, .group = name}, variant.values(figure.key));
    if (const auto again = variant.reestimated(figure.key); !again.empty())
      add({.name = name + ", re-estimated", .traces = {}, .dashed = true, .group = name}, again);
  }
  return chart;
}

Report study_report(const Study& study, const StudyResult& result) {
  const StudyInfo& info = study.info();
  const bool any = std::ranges::any_of(result.variants, [](const StudyVariant& v) { return !v.runs.empty(); });
  Report report{.title = info.name,
                .question = info.question,
                .answer = any ? study.answer(result) : "No run is complete.",
                .notes = notes_of(study, result)};
  report.provenance = {{"command", fmt::format("evenkeel {}", fmt::join(result.command, " "))},
                       {"started", result.started},
                       {"version", "Evenkeel " + result.version},
                       {"machine", fmt::format("{}, {} threads", result.machine, result.threads)},
                       {"precision", result.precision},
                       {"data", fmt::format("{} (fingerprint {})", result.data, result.data_fingerprint)},
                       {"batch size", std::to_string(result.batch_size)}};
  const auto published = published_of(study, result);
  add_result(info, result, published, report);
  report.answer += artifacts_text(info, result);
  add_comparison(info, result, report);
  add_section(report, "What the doctor finds in the trained networks", {findings_table(result)});
  study.explain(result, report);
  add_section(report, "Published and measured", {published_table(info, result, published)});
  add_section(report, "Time", {time_table(result)});
  add_section(report, "Every run", {table_of_runs(info, result)});
  add_networks(result, report);
  return report;
}

}  // namespace evenkeel
