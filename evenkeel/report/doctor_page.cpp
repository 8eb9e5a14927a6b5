#include "evenkeel/report/doctor_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <iterator>
#include <numbers>

#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/codes.h"

namespace evenkeel {
namespace {

constexpr double kHighest = 2;  ///< density that is drawn of what moving statistics have

constexpr std::string_view kPlusMinus = "±";

std::string with_error(const Estimate& e) { return estimate_text(e, kPlusMinus); }

std::string sentence(std::string clause) {
  clause[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(clause[0])));
  return clause + '.';
}

Section cells_section(const FourCells& cells) {
  PageTable table{.columns = {"", ">loss", ">accuracy"}};
  const auto row = [&](const std::string& name, const FourCells::Cell& cell) {
    table.rows.push_back({name, with_error(cell.loss), cell.accuracy ? with_error(*cell.accuracy) : "–"});
  };
  row("data, evaluation mode", cells.evaluation);
  row("data, training mode", cells.training);
  if (cells.train_evaluation) row("training data, evaluation mode", *cells.train_evaluation);
  if (cells.train_training) row("training data, training mode", *cells.train_training);
  table.caption =
      "Training mode here: dropout on, and normalization by the statistics of all data instead of one batch's. ± is "
      "one standard error over samples.";
  return {"Mode or data?", {std::move(table), Paragraph{cells.verdict}}};
}

void add_finding(Section& section, const ExplainedFinding& explained, const std::string& command) {
  const Finding& f = *explained.finding;
  const CodeInfo& info = code_info(f.code);
  PageTable table{.title = fmt::format("{}: {} (`{}`)", name_of(f.severity), info.title, f.code),
                  .columns = {"evidence", ">measured", "should be"}};
  for (const Fact& fact : f.evidence)
    table.rows.push_back({fact.what, figure(fact.value) + (fact.unit.empty() ? "" : ' ' + fact.unit), fact.expected});
  table.caption =
      f.certainty + ". Cost: " + (f.cost ? cost_text(*f.cost, kPlusMinus) : std::string("not measured")) + '.';
  section.parts.push_back(std::move(table));
  section.parts.push_back(Paragraph{sentence(f.cause) + ' ' + std::string(info.advice)});
  if (!command.empty()) section.parts.push_back(Paragraph{'`' + command + '`'});
  section.parts.push_back(Listing{"In Keras", std::string(info.keras)});
  section.parts.push_back(Listing{"In PyTorch", std::string(info.pytorch)});
  std::string more = "More on it: `" + documentation_of(f.code) + "`.";
  if (!f.layers.empty()) more += " Layers: " + join(f.layers) + '.';
  for (const Finding* consequence : explained.consequences)
    more += " From it follows, and goes with it: " + consequence_text(*consequence) + '.';
  section.parts.push_back(Paragraph{std::move(more)});
}

Section findings_section(const Diagnosis& d, const std::function<std::string(const Finding&)>& command) {
  Section section{"Findings", {}};
  if (d.findings.empty()) section.parts.push_back(Paragraph{"Nothing found."});
  for (const ExplainedFinding& f : explained_findings(d.findings)) add_finding(section, f, command(*f.finding));
  return section;
}

Section chain_section(const Attribution& chain) {
  Waterfall waterfall{.title = "From training mode to evaluation mode",
                      .x_label = "loss",
                      .start_name = fmt::format("training mode, batches of {}", chain.batch_size),
                      .end_name = "evaluation mode",
                      .start = chain.start.value};
  PageTable table{.columns = {"change", ">loss", ">in reverse order"}};
  for (const ChainLink& link : chain.links) {
    waterfall.steps.push_back({link.change, link.cost.loss.value, link.cost.loss.error});
    table.rows.push_back({link.change, difference_text(link.cost.loss, kPlusMinus),
                          difference_text(link.cost_in_reverse.loss, kPlusMinus)});
  }
  waterfall.caption =
      "One thing is switched after the other, so the steps add up to the whole. In the reverse order of layers the "
      "parts may differ: that is their interaction. ± is one standard error over the same samples.";
  return {"Where the difference comes from", {std::move(waterfall), std::move(table)}};
}

/// The part of a normal distribution below x.
double normal_share(double x, double mean, double sigma) {
  return 0.5 * std::erfc((mean - x) / (sigma * std::numbers::sqrt2));
}

/// What the moving statistics take the data to be, a normal distribution per channel, in the bins and on the scale of
/// the histogram: in deviations from the mean of the data, what lies beyond in the last bins.
std::vector<double> as_moving(const std::vector<double>& at, const StatisticsGap& gap) {
  std::vector<double> density(at.size());
  const double width = at.size() > 1 ? at[1] - at[0] : 1, channels = static_cast<double>(gap.data.mean.size());
  for (std::size_t c = 0; c < gap.data.mean.size(); ++c) {
    const double scale = std::sqrt(gap.data.variance[c] + gap.epsilon),
                 sigma = std::sqrt(std::max(gap.moving.variance[c], 1e-30)) / scale,
                 mean = (gap.moving.mean[c] - gap.data.mean[c]) / scale;
    double below = 0;
    for (std::size_t bin = 0; bin < at.size(); ++bin) {
      const double next = bin + 1 < at.size() ? normal_share(at[bin] + width / 2, mean, sigma) : 1;
      density[bin] += (next - below) / width / channels;
      below = next;
    }
  }
  return density;
}

/// Whether a normalization's statistics fit, in words, and which findings name it.
std::string verdict_on(const StatisticsGap& gap, const std::vector<Finding>& findings) {
  std::string text = gap.distance < kFarStatistics ? "The moving statistics fit the data."
                                                   : "The moving statistics do not fit the data.";
  std::string named;
  for (const Finding& f : findings)
    if (std::ranges::find(f.layers, gap.layer) != f.layers.end())
      named += fmt::format("{}`{}` ({})", named.empty() ? "" : ", ", f.code, code_info(f.code).title);
  return named.empty() ? text : text + " Named by " + named + '.';
}

LineChart strip(const InputHistogram& h, const StatisticsGap& gap, const std::vector<Finding>& findings) {
  LineChart chart{
      .title = fmt::format("`{}`, distance {} nats", h.layer, figure(gap.distance)),
      .x_label = "deviations from the mean of all data",
      .y_label = "density",
      .curves = {{.name = "training mode", .traces = {{.x = h.at, .y = h.training}}, .group = "training"},
                 {.name = "evaluation mode", .traces = {{.x = h.at, .y = h.evaluation}}, .group = "evaluation"}},
      .caption = verdict_on(gap, findings)};
  Curve moving{.name = "as the moving statistics have it", .traces = {{}}, .dashed = true, .group = "moving"};
  moving.traces[0].x = h.at;
  // Statistics far too narrow would leave no room for the rest.
  for (const double density : as_moving(h.at, gap)) moving.traces[0].y.push_back(std::min(density, kHighest));
  chart.curves.push_back(std::move(moving));
  return chart;
}

/// "0.614", "0.612", "dropout".
std::vector<std::string> shift_cells(const std::optional<NoiseShift>& shift) {
  if (!shift) return {"–", "–", "none"};
  return {figure(shift->measured), shift->closed_form ? figure(*shift->closed_form) : "–", '`' + shift->noise + '`'};
}

Section layers_section(const Diagnosis& d) {
  PageTable table{.title = "Moving statistics against those of the data",
                  .columns = {"layer", ">distance (nats)", ">means apart (σ)", ">variance, moving / data"}};
  if (!d.shifts.empty()) {
    table.columns.emplace_back(">variance, evaluation / training");
    table.columns.emplace_back(">by the closed form");
    table.columns.emplace_back("noise in front");
  }
  for (std::size_t i = 0; i < d.gaps.size(); ++i) {
    const StatisticsGap& gap = d.gaps[i];
    table.rows.push_back({gap.layer, figure(gap.distance), figure(gap.mean_difference), figure(gap.variance_ratio)});
    if (d.shifts.empty()) continue;
    for (const std::string& cell : shift_cells(d.shifts[i])) table.rows.back().push_back(cell);
  }
  table.caption =
      "Mean over channels of KL(N(moving) ‖ N(data)), every normalization before the layer on the statistics of the "
      "data. Healthy layers stay below 0.05.";
  if (!d.shifts.empty())
    table.caption +=
        " Noise of training (dropout) in front of a layer changes the variance that its moving statistics learn: in "
        "evaluation it reads so much of it. The closed form is that of the last noise alone.";
  Section section{"Every normalization", {std::move(table)}};
  section.parts.push_back(Paragraph{fmt::format(
      "What each reads in the two modes, all channels together, each less its mean and over its deviation in all data. "
      "Dashed: what its moving statistics take the data for, cut off at {}.",
      kHighest)});
  const std::vector<std::size_t> shown = most_distant(d.gaps, kMostStrips);
  std::vector<Part> folded;
  for (std::size_t i = 0; i < d.gaps.size(); ++i) {
    LineChart chart = strip(d.histograms[i], d.gaps[i], d.findings);
    chart.folded = !std::ranges::binary_search(shown, i);
    (chart.folded ? folded : section.parts).push_back(std::move(chart));
  }
  if (!folded.empty())
    section.parts.push_back(
        Paragraph{fmt::format("These are the {} most distant of {}; the others:", shown.size(), d.gaps.size())});
  std::ranges::move(folded, std::back_inserter(section.parts));
  return section;
}

Section checked_section(const Diagnosis& d) {
  PageTable table{.columns = {"looked at", "result"}};
  for (const std::string& what : d.checked) table.rows.push_back({what, "checked"});
  for (const auto& [what, why] : d.unchecked) table.rows.push_back({what, "not checked: " + why});
  return {"What was checked", {std::move(table)}};
}

}  // namespace

std::vector<ExplainedFinding> explained_findings(const std::vector<Finding>& findings) {
  // The first finding of the code that a finding follows from; null where it follows from none that is there.
  const auto cause_of = [&](const Finding& f) -> const Finding* {
    const auto cause = std::ranges::find(findings, f.consequence_of, &Finding::code);
    return f.consequence_of.empty() || cause == findings.end() ? nullptr : &*cause;
  };
  std::vector<ExplainedFinding> explained;
  for (const Finding& f : findings)
    if (!cause_of(f)) explained.push_back({&f});
  for (const Finding& f : findings) {
    const Finding* root = cause_of(f);
    if (!root) continue;
    while (const Finding* cause = cause_of(*root)) root = cause;
    std::ranges::find(explained, root, &ExplainedFinding::finding)->consequences.push_back(&f);
  }
  return explained;
}

std::string consequence_text(const Finding& finding) { return finding.code + " in " + layers_text(finding.layers); }

std::string doctor_answer(const Diagnosis& d) {
  if (d.findings.empty()) return d.cells.verdict + " Nothing was found that explains more.";
  return d.cells.verdict + ' ' + sentence(explained_findings(d.findings).front().finding->cause);
}

Report doctor_page(const Diagnosis& d, const Model& model, const std::function<std::string(const Finding&)>& command) {
  Report page{.title = "doctor: " + model.name(),
              .question = "Why does this network behave in evaluation as it does?",
              .answer = doctor_answer(d),
              .notes = d.notes};
  page.sections.push_back(cells_section(d.cells));
  page.sections.push_back(findings_section(d, command));
  page.sections.push_back(chain_section(d.attribution));
  if (!d.gaps.empty()) page.sections.push_back(layers_section(d));
  page.sections.push_back(checked_section(d));
  page.sections.push_back({"The network", {Diagram{.title = model.name(), .model = model}}});
  return page;
}

}  // namespace evenkeel
