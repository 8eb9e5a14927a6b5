#include "doctor_text.h"

#include <algorithm>

#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/codes.h"
#include "evenkeel/report/doctor_page.h"
#include "shell.h"
#include "table.h"

namespace evenkeel::app {
namespace {

std::vector<std::string> cell_row(const std::string& what, const FourCells::Cell& cell) {
  return {what, estimate_text(cell.loss), cell.accuracy ? estimate_text(*cell.accuracy) : "-"};
}

std::string cells_text(const FourCells& cells) {
  Table table({"", ">loss", ">accuracy"});
  table.row(cell_row("data, evaluation mode", cells.evaluation));
  table.row(cell_row("data, training mode, statistics of all data", cells.training));
  if (cells.train_evaluation) table.row(cell_row("training data, evaluation mode", *cells.train_evaluation));
  if (cells.train_training)
    table.row(cell_row("training data, training mode, statistics of all data", *cells.train_training));
  return table.text() + '\n' + cells.verdict + '\n';
}

/// Code, each line indented, below its framework's name.
std::string snippet_text(std::string_view framework, std::string_view code) {
  std::string text = fmt::format("  {}:\n", framework);
  for (std::size_t begin = 0; begin <= code.size();) {
    const std::size_t end = std::min(code.find('\n', begin), code.size());
    text += fmt::format("      {}\n", code.substr(begin, end - begin));
    begin = end + 1;
  }
  return text;
}

std::string finding_text(const ExplainedFinding& explained, const DoctorWords& words) {
  const Finding& f = *explained.finding;
  const CodeInfo& info = code_info(f.code);
  std::string text = fmt::format("{}  {}  {}\n  {}.\n", name_of(f.severity), f.code, layers_text(f.layers), f.cause);
  for (const Fact& fact : f.evidence)
    text += fmt::format("  - {}: {}{}{}\n", fact.what, figure(fact.value), fact.unit.empty() ? "" : ' ' + fact.unit,
                        fact.expected.empty() ? "" : " (should be " + fact.expected + ')');
  text +=
      fmt::format("  cost: {}\n  {}.\n  {}\n", f.cost ? cost_text(*f.cost) : "not measured", f.certainty, info.advice);
  if (const std::string command = remedy_command(f, words); !command.empty()) text += "  " + command + '\n';
  text += snippet_text("Keras", info.keras) + snippet_text("PyTorch", info.pytorch);
  text += "  " + documentation_of(f.code) + '\n';
  for (const Finding* consequence : explained.consequences)
    text += "  follows from it, and goes with it: " + consequence_text(*consequence) + '\n';
  return text;
}

std::string expectation_text(const Expectation& e) {
  std::string text =
      fmt::format("\nexpected outputs, {} samples: {}\n", e.samples, e.equal ? "equal" : "different: " + e.explanation);
  text += fmt::format("  relative difference (L2) {}", figure(e.difference));
  if (e.remaining < e.difference) text += fmt::format(", so explained {}", figure(e.remaining));
  return text + '\n';
}

std::string chain_text(const Attribution& chain) {
  Table table({"from training mode to evaluation mode", ">loss", ">in reverse order"});
  table.row({fmt::format("training mode, batches of {}", chain.batch_size), estimate_text(chain.start), ""});
  for (const ChainLink& link : chain.links)
    table.row({"  " + link.change, difference_text(link.cost.loss), difference_text(link.cost_in_reverse.loss)});
  table.row({"evaluation mode", estimate_text(chain.end), ""});
  return table.text();
}

/// The normalizations one by one, with what noise in front of them does.
std::string normalizations_text(const Diagnosis& d) {
  std::vector<std::string> columns{"normalization", ">distance to the data, nats"};
  if (!d.shifts.empty())
    columns.insert(columns.end(), {">variance, evaluation / training", ">by the closed form", "noise in front"});
  Table table(columns);
  const std::vector<std::size_t> shown = most_distant(d.gaps, kMostStrips);
  for (const std::size_t i : shown) {
    std::vector<std::string> row{d.gaps[i].layer, figure(d.gaps[i].distance)};
    if (!d.shifts.empty()) {
      const std::optional<NoiseShift>& shift = d.shifts[i];
      row.push_back(shift ? figure(shift->measured) : "-");
      row.push_back(shift && shift->closed_form ? figure(*shift->closed_form) : "-");
      row.push_back(shift ? shift->noise : "none");
    }
    table.row(row);
  }
  std::string text = table.text();
  if (shown.size() < d.gaps.size())
    text += fmt::format("the {} farthest of {}; --html and --json have all\n", shown.size(), d.gaps.size());
  return text;
}

/// By reason, in the order in which they first come up.
std::string unchecked_text(const Diagnosis& d) {
  std::vector<std::string> reasons;
  for (const auto& [what, why] : d.unchecked)
    if (std::ranges::count(reasons, why) == 0) reasons.push_back(why);
  std::string text;
  for (const std::string& reason : reasons) {
    text += "Not checked, since " + reason + ":\n";
    for (const auto& [what, why] : d.unchecked)
      if (why == reason) text += "  " + what + '\n';
  }
  return text;
}

Json json_of(const Estimate& e) { return {{"value", e.value}, {"standard_error", e.error}}; }
Json json_of(const Cost& cost) {
  return {{"loss", json_of(cost.loss)}, {"accuracy", cost.accuracy ? json_of(*cost.accuracy) : Json()}};
}
Json json_of(const std::optional<FourCells::Cell>& cell) {
  if (!cell) return {};
  return {{"loss", json_of(cell->loss)}, {"accuracy", cell->accuracy ? json_of(*cell->accuracy) : Json()}};
}

Json json_of(const std::optional<NoiseShift>& shift) {
  if (!shift) return {};
  return {{"layer", shift->noise},
          {"variance_ratio", shift->measured},
          {"closed_form", shift->closed_form ? Json(*shift->closed_form) : Json()}};
}

Json json_of(const Finding& f, const DoctorWords& words) {
  const CodeInfo& info = code_info(f.code);
  Json evidence = Json::array();
  for (const Fact& fact : f.evidence)
    evidence.push_back({{"what", fact.what}, {"value", fact.value}, {"unit", fact.unit}, {"expected", fact.expected}});
  return {{"code", f.code},
          {"title", info.title},
          {"severity", name_of(f.severity)},
          {"layer", f.layers.empty() ? Json() : Json(f.layers.front())},
          {"layers", f.layers},
          {"cause", f.cause},
          {"evidence", evidence},
          {"certainty", f.certainty},
          {"cost", f.cost ? json_of(*f.cost) : Json()},
          {"consequence_of", f.consequence_of.empty() ? Json() : Json(f.consequence_of)},
          {"remedy",
           {{"advice", info.advice},
            {"command", remedy_command(f, words)},
            {"keras", info.keras},
            {"pytorch", info.pytorch}}},
          {"documentation", documentation_of(f.code)}};
}

}  // namespace

std::string remedy_command(const Finding& finding, const DoctorWords& words) {
  if (code_info(finding.code).repair.empty() || !finding.consequence_of.empty()) return {};
  return "evenkeel repair " + shell_quoted(words.model) + shell_flag("--weights", words.weights) +
         shell_flag("--data", words.data) + shell_flag("--validation", words.validation) + words.flags + " --fix " +
         finding.code + " --out repaired.safetensors";
}

std::string text_of(const Diagnosis& d, const DoctorWords& words, const std::optional<Expectation>& expectation) {
  std::string text;
  for (const std::string& note : d.notes) text += note + "\n\n";
  text += cells_text(d.cells);
  if (d.findings.empty()) text += "\nNothing found.\n";
  for (const ExplainedFinding& f : explained_findings(d.findings)) text += '\n' + finding_text(f, words);
  if (expectation) text += expectation_text(*expectation);
  text += '\n' + chain_text(d.attribution);
  if (!d.gaps.empty()) text += '\n' + normalizations_text(d);
  text += fmt::format("\nChecked, with {} samples:\n", with_commas(d.samples));
  for (const std::string& what : d.checked) text += "  " + what + '\n';
  return text + unchecked_text(d);
}

Json json_of(const Diagnosis& d, const DoctorWords& words, const std::optional<Expectation>& expectation) {
  Json findings = Json::array(), links = Json::array(), unchecked = Json::array(), gaps = Json::array();
  for (const Finding& f : d.findings) findings.push_back(json_of(f, words));
  for (const ChainLink& link : d.attribution.links)
    links.push_back({{"change", link.change},
                     {"layers", link.layers},
                     {"cost", json_of(link.cost)},
                     {"in_reverse_order", json_of(link.cost_in_reverse)}});
  for (const auto& [what, why] : d.unchecked) unchecked.push_back({{"what", what}, {"why", why}});
  for (std::size_t i = 0; i < d.gaps.size(); ++i)
    gaps.push_back({{"layer", d.gaps[i].layer},
                    {"distance", d.gaps[i].distance},
                    {"noise", d.shifts.empty() ? Json() : json_of(d.shifts[i])}});
  Json json{{"findings", findings},
            {"cells",
             {{"evaluation", json_of(std::optional(d.cells.evaluation))},
              {"training", json_of(std::optional(d.cells.training))},
              {"train_data_evaluation", json_of(d.cells.train_evaluation)},
              {"train_data_training", json_of(d.cells.train_training)},
              {"gap", name_of(d.cells.gap)},
              {"verdict", d.cells.verdict}}},
            {"attribution",
             {{"batch_size", d.attribution.batch_size},
              {"start", json_of(d.attribution.start)},
              {"links", links},
              {"end", json_of(d.attribution.end)}}},
            {"statistics", gaps},
            {"checked", d.checked},
            {"notes", d.notes},
            {"unchecked", unchecked},
            {"samples", d.samples},
            {"passes", d.passes}};
  if (expectation)
    json["expectation"] = {{"equal", expectation->equal},
                           {"explanation", expectation->explanation},
                           {"difference", expectation->difference},
                           {"remaining", expectation->remaining},
                           {"samples", expectation->samples}};
  return json;
}

}  // namespace evenkeel::app
