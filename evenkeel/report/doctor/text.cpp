#include "evenkeel/report/doctor/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "evenkeel/base/text.h"
#include "evenkeel/report/writers/text_table.h"

namespace evenkeel {
namespace {

using Entry = DoctorDescription::Entry;
using NormalizationEntry = DoctorDescription::NormalizationEntry;

constexpr std::size_t kMostListed = 12;  ///< findings on a screen
constexpr std::size_t kHanging = 4;      ///< blanks before the continuation of a line

/// Bold, in one of the terminal's colours.
std::string coloured(std::string_view text, int colour, const TerminalStyle& style) {
  return style.colours ? fmt::format("\x1b[1;{}m{}\x1b[0m", colour, text) : std::string(text);
}

std::string severity_text(Severity severity, const TerminalStyle& style) {
  constexpr int kRed = 31, kYellow = 33, kCyan = 36;
  const int colour = severity == Severity::error ? kRed : severity == Severity::warning ? kYellow : kCyan;
  return coloured(name_of(severity), colour, style);
}

std::string verdict_text(const DoctorDescription& d, const TerminalStyle& style) {
  const std::string verdict = wrapped(printable(d.verdict), style.columns);
  return (style.colours ? "\x1b[1m" + verdict + "\x1b[0m" : verdict) + '\n';
}

std::string cells_text(const DoctorDescription& d) {
  TextTable table({"", ">loss", ">accuracy"});
  for (const auto& [key, name, scores] : d.cells)
    table.row({name, estimate_text(scores.loss), scores.accuracy ? estimate_text(*scores.accuracy) : "-"});
  return table.text();
}

/// "error    never-updated  norm_1 and 2 more: the moving statistics are exactly 0 and 1 (sure)"
std::string line_of(const Entry& entry, const TerminalStyle& style) {
  const Finding& f = entry.finding;
  const std::string_view severity = name_of(f.severity);
  const std::string line =
      fmt::format("{:<7}  {}  {}: {} ({})", severity, f.code, entry.layers_text(), f.cause, name_of(f.certainty.level));
  return severity_text(f.severity, style) + wrapped(printable(line), style.columns, kHanging).substr(severity.size()) +
         '\n';
}

/// What to do first, for the first finding, unless that is only an info. A command stays on one line, so that it can be
/// copied.
std::string first_step(const Entry& entry, const TerminalStyle& style) {
  if (entry.finding.severity == Severity::info && entry.command.empty()) return {};
  std::string text = wrapped("What to do first: " + printable(entry.remedy.advice), style.columns, kHanging) + '\n';
  if (!entry.command.empty()) text += "  " + entry.command + '\n';
  return entry.promise.empty() ? text : text + wrapped("  " + printable(entry.promise), style.columns, kHanging) + '\n';
}

std::string findings_lines(const DoctorDescription& d, const TerminalStyle& style) {
  const std::vector<const Entry*> roots = d.roots();
  if (roots.empty()) return "Nothing found.\n";
  std::string text;
  std::vector<std::string> left_out;
  for (std::size_t i = 0; i < roots.size(); ++i)
    if (i < kMostListed)
      text += line_of(*roots[i], style);
    else
      left_out.push_back(roots[i]->finding.code);
  if (!left_out.empty())
    text += wrapped(fmt::format("and {} more: {}", left_out.size(), join(left_out)), style.columns, kHanging) + '\n';
  const std::string step = first_step(*roots.front(), style);
  return step.empty() ? text : text + '\n' + step;
}

/// Code, each line indented, below its framework's name.
std::string snippet_text(std::string_view framework, std::string_view code) {
  std::string text = fmt::format("  {}:\n", framework);
  for (const std::string_view line : split(code, '\n')) text += fmt::format("      {}\n", line);
  return text;
}

std::string finding_text(const DoctorDescription& d, const Entry& entry, const TerminalStyle& style) {
  const Finding& f = entry.finding;
  std::string text = fmt::format("  {}  {}\n  {}.\n", f.code, entry.layers_text(), f.cause);
  for (const Fact& fact : f.evidence)
    text += fmt::format("  - {}: {}{}{}\n", fact.what, figure(fact.value), fact.unit.empty() ? "" : ' ' + fact.unit,
                        fact.expected.empty() ? "" : " (should be " + fact.expected + ')');
  text += fmt::format("  cost: {}\n  {}.\n  {}\n", f.cost ? cost_text(*f.cost) : "not measured",
                      certainty_text(f.certainty), entry.remedy.advice);
  for (const std::string& what : f.certainty.excluded) text += "  excluded: " + what + '\n';
  for (const std::string& what : f.certainty.unseen) text += "  cannot be seen: " + what + '\n';
  if (!entry.command.empty()) text += "  " + entry.command + '\n';
  if (!entry.promise.empty()) text += "  " + entry.promise + '\n';
  for (const auto& [framework, code] : d.snippets_of(entry)) text += snippet_text(framework, code);
  text += "  " + entry.documentation + '\n';
  for (const std::string& consequence : entry.consequences)
    text += "  consequence, which goes away with it: " + consequence + '\n';
  return severity_text(f.severity, style) + printable_lines(text);
}

std::string chain_text(const DoctorDescription& d) {
  const Attribution& chain = d.chain;
  TextTable table({"from training mode to evaluation mode", ">loss", ">in reverse order"});
  table.row({d.of_copy(fmt::format("training mode, batches of {}", chain.batch_size)), estimate_text(chain.start), ""});
  for (const ChainLink& link : chain.links)
    table.row({"  " + link.change, difference_text(link.cost.loss), difference_text(link.cost_in_reverse.loss)});
  table.row({d.of_copy("evaluation mode"), estimate_text(chain.end), ""});
  return table.text();
}

/// The normalizations one by one, with the effect of noise before them.
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

/// What the network's own file has lost, a line each below its name.
std::string lost_text(const DoctorDescription& d, const TerminalStyle& style) {
  if (d.lost.empty()) return {};
  std::string text = "Lost in " + printable(d.file) + ":\n";
  for (const std::string& lost : d.lost) text += wrapped("  " + printable(lost), style.columns, kHanging) + '\n';
  return text;
}

/// Grouped by reason, in the order in which the reasons first occur.
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
  return printable_lines(text);
}

}  // namespace

std::string expectation_text(const Expectation& e) {
  std::string text =
      fmt::format("expected outputs, {} samples: {}\n", e.samples, e.equal ? "equal" : "different: " + e.explanation);
  text += fmt::format("  relative difference (L2) {}", figure(e.difference));
  if (e.remaining < e.difference) text += fmt::format(", {} when explained so", figure(e.remaining));
  return printable_lines(text) + '\n';
}

std::string doctor_text(const DoctorDescription& d, const TerminalStyle& style) {
  std::string text;
  for (const std::string& note : d.notes) text += wrapped(printable(note), style.columns) + '\n';
  // Without normalizations it comes first: that they are lost is then the answer.
  const std::string lost = lost_text(d, style);
  const bool first = d.normalizations.empty() && !lost.empty();
  if (first) text += lost + '\n';
  text += verdict_text(d, style) + '\n' + cells_text(d) + '\n' + findings_lines(d, style);
  if (d.expectation) text += '\n' + expectation_text(*d.expectation);
  if (!first && !lost.empty()) text += '\n' + lost;
  const std::string end = fmt::format("Checked with {} samples: {} questions; not checked: {}. --verbose has the rest.",
                                      with_commas(d.samples), d.checked.size(), d.unchecked.size());
  return text + '\n' + wrapped(end, style.columns) + '\n';
}

std::string doctor_details(const DoctorDescription& d, const TerminalStyle& style) {
  std::string text;
  for (const std::string& note : d.notes) text += printable(note) + "\n\n";
  if (!d.lost.empty()) text += lost_text(d, style) + '\n';
  text += verdict_text(d, style) + '\n' + cells_text(d);
  if (d.findings.empty()) text += "\nNothing found.\n";
  for (const Entry* entry : d.roots()) text += '\n' + finding_text(d, *entry, style);
  if (d.expectation) text += '\n' + expectation_text(*d.expectation);
  text += '\n' + chain_text(d);
  if (!d.normalizations.empty()) text += '\n' + normalizations_text(d);
  text += fmt::format("\nChecked, with {} samples:\n", with_commas(d.samples));
  for (const std::string& what : d.checked) text += "  " + what + '\n';
  return text + unchecked_text(d);
}

}  // namespace evenkeel
