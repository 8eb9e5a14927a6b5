#include "evenkeel/report/doctor_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/codes.h"

namespace evenkeel {
namespace {

constexpr std::size_t kMostStrips = 12;  ///< normalizations drawn one by one: the most distant ones

constexpr std::string_view kPlusMinus = "±";

std::string with_error(const Estimate& e) { return estimate_text(e, kPlusMinus); }

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

Section findings_section(const Diagnosis& d, const std::function<std::string(const Finding&)>& command) {
  Section section{"Findings", {}};
  if (d.findings.empty()) section.parts.push_back(Paragraph{"Nothing found."});
  for (const Finding& f : d.findings) {
    const CodeInfo& info = code_info(f.code);
    PageTable table{.title = fmt::format("{}: {} (`{}`)", name_of(f.severity), info.title, f.code),
                    .columns = {"evidence", ">measured", "should be"}};
    for (const Fact& fact : f.evidence)
      table.rows.push_back({fact.what, figure(fact.value) + (fact.unit.empty() ? "" : ' ' + fact.unit), fact.expected});
    table.caption = f.certainty + '.' + (f.cost ? " Costs: " + cost_text(*f.cost, kPlusMinus) + '.' : "");
    section.parts.push_back(std::move(table));
    section.parts.push_back(
        Paragraph{"In " + layers_text(f.layers) + ": " + f.cause + ". " + std::string(info.advice)});
    if (const std::string line = command(f); !line.empty()) section.parts.push_back(Paragraph{'`' + line + '`'});
  }
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
    table.rows.push_back({link.change, fmt::format("{:+.3g}", link.cost.loss.value),
                          fmt::format("{:+.3g}", link.cost_in_reverse.loss.value)});
  }
  waterfall.caption =
      "One thing is switched after the other, so the steps add up to the whole. In the reverse order of layers the "
      "parts may differ: that is their interaction.";
  return {"Where the difference comes from", {std::move(waterfall), std::move(table)}};
}

LineChart strip(const InputHistogram& h, const StatisticsGap& gap) {
  LineChart chart{
      .title = fmt::format("`{}`, distance {} nats", h.layer, figure(gap.distance)),
      .x_label = "deviations from the mean of all data",
      .y_label = "density",
      .curves = {{.name = "training mode", .traces = {{.x = h.at, .y = h.training}}, .group = "training"},
                 {.name = "evaluation mode", .traces = {{.x = h.at, .y = h.evaluation}}, .group = "evaluation"}}};
  // What the moving statistics take the data to be: a normal distribution per channel, all together.
  Curve moving{.name = "as the moving statistics have it", .traces = {{}}, .dashed = true, .group = "moving"};
  for (const double z : h.at) {
    double density = 0;
    for (std::size_t c = 0; c < gap.data.mean.size(); ++c) {
      const double scale = std::sqrt(gap.data.variance[c] + 1e-12),
                   sigma = std::sqrt(std::max(gap.moving.variance[c], 1e-12)) / scale;
      const double mean = (gap.moving.mean[c] - gap.data.mean[c]) / scale, u = (z - mean) / sigma;
      density += std::exp(-0.5 * u * u) / (sigma * 2.5066282746310002) / static_cast<double>(gap.data.mean.size());
    }
    moving.traces[0].x.push_back(z);
    moving.traces[0].y.push_back(std::min(density, 2.0));
  }
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
  const std::vector<std::size_t> order = most_distant(d.gaps, kMostStrips);
  for (const std::size_t i : order) section.parts.push_back(strip(d.histograms[i], d.gaps[i]));
  if (order.size() < d.gaps.size())
    section.parts.push_back(
        Paragraph{fmt::format("Drawn are the {} most distant of {}.", order.size(), d.gaps.size())});
  return section;
}

Section checked_section(const Diagnosis& d) {
  PageTable table{.columns = {"looked at", "result"}};
  for (const std::string& what : d.checked) table.rows.push_back({what, "checked"});
  for (const auto& [what, why] : d.unchecked) table.rows.push_back({what, "not checked: " + why});
  return {"What was checked", {std::move(table)}};
}

}  // namespace

std::string doctor_answer(const Diagnosis& d) {
  if (d.findings.empty()) return d.cells.verdict + " Nothing was found that explains more.";
  const Finding& first = d.findings.front();
  std::string cause = first.cause;
  cause[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(cause[0])));
  return d.cells.verdict + ' ' + cause + '.';
}

Report doctor_page(const Diagnosis& d, const Model& model, const std::function<std::string(const Finding&)>& command) {
  Report page{.title = "doctor: " + model.name(),
              .question = "Why does this network behave in evaluation as it does?",
              .answer = doctor_answer(d),
              .notes = d.notes};
  page.sections.push_back(findings_section(d, command));
  page.sections.push_back(cells_section(d.cells));
  page.sections.push_back(chain_section(d.attribution));
  if (!d.gaps.empty()) page.sections.push_back(layers_section(d));
  page.sections.push_back(checked_section(d));
  page.sections.push_back({"The network", {Diagram{.title = model.name(), .model = model}}});
  return page;
}

}  // namespace evenkeel
