#include "evenkeel/report/doctor/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/text.h"
#include "evenkeel/report/writers/text_table.h"

namespace evenkeel {
namespace {

using Entry = DoctorDescription::Entry;
using NormalizationEntry = DoctorDescription::NormalizationEntry;

std::string cells_text(const DoctorDescription& d) {
  TextTable table({"", ">loss", ">accuracy"});
  for (const auto& [key, name, scores] : d.cells)
    table.row({std::string(name), estimate_text(scores.loss), scores.accuracy ? estimate_text(*scores.accuracy) : "-"});
  return table.text() + '\n' + d.verdict + '\n';
}

/// Code, each line indented, below its framework's name.
std::string snippet_text(std::string_view framework, std::string_view code) {
  std::string text = fmt::format("  {}:\n", framework);
  for (const std::string_view line : split(code, '\n')) text += fmt::format("      {}\n", line);
  return text;
}

std::string finding_text(const Entry& entry) {
  const Finding& f = entry.finding;
  std::string text = fmt::format("{}  {}  {}\n  {}.\n", name_of(f.severity), f.code, layers_text(f.layers), f.cause);
  for (const Fact& fact : f.evidence)
    text += fmt::format("  - {}: {}{}{}\n", fact.what, figure(fact.value), fact.unit.empty() ? "" : ' ' + fact.unit,
                        fact.expected.empty() ? "" : " (should be " + fact.expected + ')');
  text += fmt::format("  cost: {}\n  {}.\n  {}\n", f.cost ? cost_text(*f.cost) : "not measured",
                      certainty_text(f.certainty), entry.remedy.advice);
  if (!entry.command.empty()) text += "  " + entry.command + '\n';
  text += snippet_text("Keras", entry.remedy.keras) + snippet_text("PyTorch", entry.remedy.pytorch);
  text += "  " + entry.documentation + '\n';
  for (const std::string& consequence : entry.consequences)
    text += "  consequence, which goes away with it: " + consequence + '\n';
  return text;
}

std::string expectation_text(const Expectation& e) {
  std::string text =
      fmt::format("\nexpected outputs, {} samples: {}\n", e.samples, e.equal ? "equal" : "different: " + e.explanation);
  text += fmt::format("  relative difference (L2) {}", figure(e.difference));
  if (e.remaining < e.difference) text += fmt::format(", {} when explained so", figure(e.remaining));
  return text + '\n';
}

std::string chain_text(const Attribution& chain) {
  TextTable table({"from training mode to evaluation mode", ">loss", ">in reverse order"});
  table.row({fmt::format("training mode, batches of {}", chain.batch_size), estimate_text(chain.start), ""});
  for (const ChainLink& link : chain.links)
    table.row({"  " + link.change, difference_text(link.cost.loss), difference_text(link.cost_in_reverse.loss)});
  table.row({"evaluation mode", estimate_text(chain.end), ""});
  return table.text();
}

/// The normalizations one by one, with what noise in front of them does.
std::string normalizations_text(const DoctorDescription& d) {
  std::vector<std::string> columns{"normalization", ">distance to the data, nats"};
  if (d.has_noise)
    columns.insert(columns.end(), {">variance, evaluation / training", ">by the closed form", "noise before it"});
  TextTable table(columns);
  for (const NormalizationEntry& n : d.normalizations) {
    if (!n.is_distant) continue;
    std::vector<std::string> row{n.gap.layer, figure(n.gap.distance)};
    if (d.has_noise) {
      row.push_back(n.shift ? figure(n.shift->measured) : "-");
      row.push_back(n.shift && n.shift->closed_form ? figure(*n.shift->closed_form) : "-");
      row.push_back(n.shift ? n.shift->noise : "none");
    }
    table.row(row);
  }
  std::string text = table.text();
  if (d.shown() < d.normalizations.size())
    text += fmt::format("the {} farthest of {}; --html and --json have all\n", d.shown(), d.normalizations.size());
  return text;
}

/// By reason, in the order in which they first come up.
std::string unchecked_text(const DoctorDescription& d) {
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

}  // namespace

std::string doctor_text(const DoctorDescription& d) {
  std::string text;
  for (const std::string& note : d.notes) text += note + "\n\n";
  text += cells_text(d);
  if (d.findings.empty()) text += "\nNothing found.\n";
  for (const Entry& entry : d.findings)
    if (!entry.follows) text += '\n' + finding_text(entry);
  if (d.expectation) text += expectation_text(*d.expectation);
  text += '\n' + chain_text(d.chain);
  if (!d.normalizations.empty()) text += '\n' + normalizations_text(d);
  text += fmt::format("\nChecked, with {} samples:\n", with_commas(d.samples));
  for (const std::string& what : d.checked) text += "  " + what + '\n';
  return text + unchecked_text(d);
}

}  // namespace evenkeel
