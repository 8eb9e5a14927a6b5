#include "evenkeel/report/doctor/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>

#include "evenkeel/base/text.h"

namespace evenkeel {
namespace {

constexpr double kHighest = 2;  ///< density that is drawn: five times a normal distribution's

constexpr std::string_view kPlusMinus = "±";

std::string with_error(const Estimate& e) { return estimate_text(e, kPlusMinus); }

Section cells_section(const DoctorDescription& d) {
  PageTable table{.columns = {"", ">loss", ">accuracy"}};
  for (const auto& [key, name, scores] : d.cells)
    table.rows.push_back(
        {std::string(name), with_error(scores.loss), scores.accuracy ? with_error(*scores.accuracy) : "–"});
  table.caption =
      "Training mode here means dropout on, and normalization with statistics of all data instead of one batch. ± is "
      "one standard error over samples.";
  return {"Mode or data?", {std::move(table)}};
}

/// Explains nats where they occur first.
constexpr std::string_view kNats =
    "A nat is the unit of the Kullback-Leibler divergence (1.44 bits): here how far the normal distribution of the "
    "moving statistics is from that of the data. 0 nats means equal; healthy layers stay below 0.05.";

bool has_nats(const Finding& finding) { return std::ranges::count(finding.evidence, "nats", &Fact::unit) > 0; }

std::string caption_of(const Finding& f) {
  std::string text = as_sentence(certainty_text(f.certainty)) +
                     " Cost: " + (f.cost ? cost_text(*f.cost, kPlusMinus) : std::string("not measured")) + '.';
  if (!f.certainty.excluded.empty()) text += " Excluded: " + join(f.certainty.excluded, "; ") + '.';
  if (!f.certainty.unseen.empty()) text += " Cannot be seen: " + join(f.certainty.unseen, "; ") + '.';
  return text;
}

void add_finding(Section& section, const DoctorDescription& d, const DoctorDescription::Entry& entry,
                 bool explains_nats) {
  const Finding& f = entry.finding;
  PageTable table{.title = fmt::format("{} (`{}`)", entry.title, f.code),
                  .badge = std::string(name_of(f.severity)),
                  .columns = {"evidence", ">measured", "should be"}};
  for (const Fact& fact : f.evidence)
    table.rows.push_back({fact.what, figure(fact.value) + (fact.unit.empty() ? "" : ' ' + fact.unit), fact.expected});
  table.caption = caption_of(f);
  if (explains_nats) table.caption += ' ' + std::string(kNats);
  section.parts.push_back(std::move(table));
  section.parts.push_back(Paragraph{as_sentence(f.cause) + ' ' + entry.remedy.advice});
  if (!entry.command.empty()) section.parts.push_back(CommandLine{entry.command});
  if (!entry.promise.empty()) section.parts.push_back(Paragraph{as_sentence(entry.promise)});
  for (const auto& [framework, code] : d.snippets_of(entry))
    section.parts.push_back(Listing{"In " + std::string(framework), code});
  std::string more = "More on it: `" + entry.documentation + "`.";
  if (!f.layers.empty()) more += " Layers: " + join(f.layers) + '.';
  if (!entry.foreign.empty()) more += " In the file: " + join(entry.foreign) + '.';
  for (const std::string& consequence : entry.consequences)
    more += " Consequences that go away with it: " + consequence + '.';
  section.parts.push_back(Paragraph{std::move(more)});
}

Section findings_section(const DoctorDescription& d) {
  Section section{"Findings", {}};
  if (d.findings.empty()) section.parts.push_back(Paragraph{"Nothing found."});
  const std::vector<const DoctorDescription::Entry*> roots = d.roots();
  const auto first = std::ranges::find_if(roots, [](const auto* entry) { return has_nats(entry->finding); });
  for (auto entry = roots.begin(); entry != roots.end(); ++entry) add_finding(section, d, **entry, entry == first);
  return section;
}

Section chain_section(const DoctorDescription& d) {
  const Attribution& chain = d.chain;
  Waterfall waterfall{.title = "From training mode to evaluation mode",
                      .x_label = "loss",
                      .start_name = d.of_copy(fmt::format("training mode, batches of {}", chain.batch_size)),
                      .end_name = d.of_copy("evaluation mode"),
                      .start = chain.start.value};
  PageTable table{.columns = {"change", ">loss", ">in reverse order"}};
  for (const ChainLink& link : chain.links) {
    waterfall.steps.push_back({link.change, link.cost.loss.value, link.cost.loss.error});
    table.rows.push_back({link.change, difference_text(link.cost.loss, kPlusMinus),
                          difference_text(link.cost_in_reverse.loss, kPlusMinus)});
  }
  waterfall.caption =
      "One thing after the other is switched, so the steps add up to the whole. In the reverse order of layers the "
      "parts may differ because they interact. ± is one standard error over the same samples.";
  return {"Where the difference comes from", {std::move(waterfall), std::move(table)}};
}

/// The part of a normal distribution below x.
double normal_share(double x, double mean, double sigma) {
  return 0.5 * std::erfc((mean - x) / (sigma * std::numbers::sqrt2));
}

/// The distribution that the moving statistics describe, a normal one per channel, in the bins and on the scale of the
/// histogram: in deviations from the data's mean; everything beyond is in the last bins.
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

/// Without the last bins, which would stand out because they contain everything beyond.
std::vector<double> inner(const std::vector<double>& bins) {
  return bins.size() < 3 ? bins : std::vector(bins.begin() + 1, bins.end() - 1);
}

/// The highest value that is drawn. Otherwise a channel that never changes, or far too narrow statistics, would leave
/// no room for the rest.
std::vector<double> drawn_density(const std::vector<double>& bins) {
  std::vector<double> density = inner(bins);
  for (double& value : density) value = std::min(value, kHighest);
  return density;
}

/// "More than 3.9 deviations away: 0.3 % of training mode, 41 % of evaluation mode."
std::string beyond(const InputHistogram& h) {
  if (h.at.size() < 3) return {};
  const double width = h.at[1] - h.at[0];
  const auto percent = [&](const std::vector<double>& density) {
    return fmt::format("{:.2g} %", 100 * width * (density.front() + density.back()));
  };
  return fmt::format(" More than {:.2g} deviations away: {} of training mode, {} of evaluation mode.",
                     h.at.back() - width / 2, percent(h.training), percent(h.evaluation));
}

LineChart strip(const DoctorDescription::NormalizationEntry& n) {
  const InputHistogram& h = *n.histogram;
  const std::vector<double> at = inner(h.at);
  LineChart chart{
      .title = fmt::format("`{}`, distance {} nats", h.layer, figure(n.gap.distance)),
      .x_label = "deviations from the mean of all data",
      .y_label = "density",
      .curves = {{.name = "training mode", .traces = {{.x = at, .y = drawn_density(h.training)}}, .group = "training"},
                 {.name = "evaluation mode",
                  .traces = {{.x = at, .y = drawn_density(h.evaluation)}},
                  .group = "evaluation"}},
      .caption = n.verdict + beyond(h),
      .folded = !n.is_distant};
  chart.curves.push_back({.name = "assumed by the moving statistics",
                          .traces = {{.x = at, .y = drawn_density(as_moving(h.at, n.gap))}},
                          .dashed = true,
                          .group = "moving"});
  return chart;
}

/// "0.614", "0.612", "dropout".
std::vector<std::string> shift_cells(const std::optional<NoiseShift>& shift) {
  if (!shift) return {"–", "–", "none"};
  return {figure(shift->measured), shift->closed_form ? figure(*shift->closed_form) : "–", '`' + shift->noise + '`'};
}

PageTable statistics_table(const DoctorDescription& d) {
  PageTable table{.title = "Moving statistics against those of the data",
                  .columns = {"layer", ">distance (nats)", ">means apart (σ)", ">variance, moving / data"}};
  if (d.has_noise)
    table.columns.insert(table.columns.end(),
                         {">variance, evaluation / training", ">by the closed form", "noise before it"});
  for (const auto& n : d.normalizations) {
    const StatisticsGap& gap = n.gap;
    table.rows.push_back({gap.layer, figure(gap.distance), figure(gap.mean_difference), figure(gap.variance_ratio)});
    if (d.has_noise) std::ranges::move(shift_cells(n.shift), std::back_inserter(table.rows.back()));
  }
  table.caption =
      "Distance: the mean over channels of KL(N(moving) ‖ N(data)), every normalization before the layer on the "
      "statistics of the data. ";
  const auto roots = d.roots();
  const bool explained = std::ranges::any_of(roots, [](const auto* entry) { return has_nats(entry->finding); });
  table.caption += explained ? std::string("Healthy layers stay below 0.05.") : std::string(kNats);
  if (d.has_noise)
    table.caption +=
        " Noise of training (dropout) before a layer changes the variance that its moving statistics learn. The ratio "
        "shows how much of it is left in evaluation. The closed form covers the last noise alone.";
  return table;
}

Section layers_section(const DoctorDescription& d) {
  Section section{"Every normalization", {statistics_table(d)}};
  section.parts.push_back(Paragraph{fmt::format(
      "The input of each in the two modes, all channels together, standardized with mean and deviation of all data. "
      "Dashed: the distribution that its moving statistics assume. Densities are cut off at {}.",
      kHighest)});
  std::vector<Part> folded;
  for (const auto& n : d.normalizations)
    if (n.histogram) (n.is_distant ? section.parts : folded).push_back(strip(n));
  if (!folded.empty())
    section.parts.push_back(
        Paragraph{fmt::format("These are the {} most distant of {}; the others:", d.shown(), d.normalizations.size())});
  std::ranges::move(folded, std::back_inserter(section.parts));
  return section;
}

/// What the network's own file cannot tell.
Section lost_section(const DoctorDescription& d) {
  Section section{"What the file has lost", {Paragraph{"Lost in `" + d.file + "`:"}}};
  for (const std::string& lost : d.lost) section.parts.push_back(Paragraph{lost});
  return section;
}

Section checked_section(const DoctorDescription& d) {
  PageTable table{.columns = {"looked at", "result"}};
  for (const std::string& what : d.checked) table.rows.push_back({what, "checked"});
  for (const auto& [what, why] : d.unchecked) table.rows.push_back({what, "not checked: " + why});
  return {"What was checked", {std::move(table)}};
}

}  // namespace

Report doctor_page(const DoctorDescription& d, const Model& model) {
  Report page{.title = "doctor: " + model.name(),
              .question = "Why does this network behave in evaluation as it does?",
              .answer = d.answer,
              .notes = d.notes};
  page.sections.push_back(cells_section(d));
  // Without normalizations it comes first: that they are lost is then the answer.
  if (!d.lost.empty() && d.normalizations.empty()) page.sections.push_back(lost_section(d));
  page.sections.push_back(findings_section(d));
  if (!d.lost.empty() && !d.normalizations.empty()) page.sections.push_back(lost_section(d));
  page.sections.push_back(chain_section(d));
  if (!d.normalizations.empty()) page.sections.push_back(layers_section(d));
  page.sections.push_back(checked_section(d));
  page.sections.push_back({"The network", {Diagram{.title = model.name(), .model = model}}});
  return page;
}

}  // namespace evenkeel
