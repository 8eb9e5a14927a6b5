// `make doctor-table`: what the doctor says of networks with a defect, and of networks without one. Prints the tables
// of docs/doctor/table.md; exit 1 where recall, silence or the number of cases is not what it should be.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "cases.h"
#include "evenkeel/base/error.h"
#include "evenkeel/base/text.h"

namespace evenkeel::table {
namespace {

constexpr int kLeastPlanted = 150, kLeastHealthy = 150, kMostAlarmed = 2;
constexpr double kLeastRecall = 0.95, kMostPasses = 40;

struct Arguments {
  std::uint64_t shift = 0;  ///< of all seeds
  std::string only = {};    ///< a code, an architecture, "planted" or "healthy"
};

std::string all_layers(const Finding& f) { return f.layers.empty() ? "the network" : join(f.layers); }

std::string said(const Diagnosis& d) {
  std::vector<std::string> all;
  for (const Finding& f : d.findings) {
    all.push_back(fmt::format("{} {} of {}{} ({})", name_of(f.severity), f.code, all_layers(f),
                              f.consequence_of.empty() ? "" : ", from " + f.consequence_of,
                              name_of(f.certainty.level)));
    if (f.severity == Severity::info) continue;
    all.back() += "\n    " + f.cause;
    for (const Fact& fact : f.evidence) all.back() += fmt::format("\n    {}: {}", fact.what, figure(fact.value));
  }
  return all.empty() ? "nothing" : fmt::format("{}", fmt::join(all, "\n  "));
}

bool names_its_layers(const Finding& f, const PlantedCase& c) {
  const std::set<std::string> named(f.layers.begin(), f.layers.end());
  if (c.some_suffice_because.empty()) return named == c.layers;
  return !named.empty() && std::ranges::includes(c.layers, named);
}

/// Whether this is the planted defect: code, layers, gravity, not as a consequence of another.
bool is_it(const Finding& f, const PlantedCase& c) {
  return f.code == c.code && f.severity >= c.severity && f.consequence_of.empty() && names_its_layers(f, c) &&
         f.cause.find(c.cause) != f.cause.npos &&
         (c.evidence.empty() || std::ranges::any_of(f.evidence, [&](const Fact& fact) {
            return fact.what.find(c.evidence) != fact.what.npos;
          }));
}

using Counts = std::map<std::string, int>;

std::string text_of(const Counts& counts) {
  std::vector<std::string> all;
  for (const auto& [name, count] : counts) all.push_back(fmt::format("{} {}", name, count));
  return all.empty() ? "-" : join(all);
}

/// What was said where one code was planted.
struct Row {
  int planted = 0, found = 0;
  Counts companions;  ///< other errors and warnings, declared for the case
  Counts false_ones;  ///< and those that are not; its own code: with other layers
};

/// How many errors and warnings said to be so certain, and how many of them were right: planted, or declared.
struct Level {
  int said = 0, right = 0;
  void add(bool is_right) {
    ++said;
    right += is_right;
  }
  double share() const { return said > 0 ? static_cast<double>(right) / said : 1; }
};

/// What part of them must be right.
double needed_of(Confidence level) {
  return level == Confidence::sure ? 0.98 : level == Confidence::likely ? 0.85 : 0.5;
}

struct Tally {
  std::map<std::string, Row> rows;
  int planted = 0, found = 0, bfloat16 = 0;
  int healthy = 0, alarmed = 0;
  Counts alarms, remarks;  ///< on healthy networks: errors and warnings, and infos
  std::map<Confidence, Level> levels = {{Confidence::sure, {}}, {Confidence::likely, {}}, {Confidence::possible, {}}};
  double passes = 0;  ///< at most
};

void judge(const PlantedCase& c, Tally& tally) {
  Patient patient = c.make(c);
  const Diagnosis d = patient.diagnosed();
  Row& row = tally.rows[c.code];
  bool found = false, more = false;
  for (const Finding& f : d.findings) {
    if (f.severity > Severity::info && f.consequence_of.empty())
      tally.levels[f.certainty.level].add(is_it(f, c) || c.companions.contains(f.code));
    if (is_it(f, c)) {
      found = true;
    } else if (f.severity > Severity::info && f.consequence_of.empty()) {
      const bool declared = c.companions.contains(f.code);
      ++(declared ? row.companions : row.false_ones)[f.code];
      more = more || !declared;
    }
  }
  ++row.planted;
  row.found += found;
  ++tally.planted;
  tally.found += found;
  tally.bfloat16 += c.recipe.precision == Precision::bfloat16;
  tally.passes = std::max(tally.passes, d.passes);
  if (d.passes > kMostPasses) fmt::print(stderr, "{:.1f} passes: {}, {}\n", d.passes, c.planted, c.recipe.text());
  if (!found || more)
    fmt::print(stderr, "{} {}: {} ({}):\n  {}\n", found ? "also" : "MISSED", c.code, c.planted, c.recipe.text(),
               said(d));
}

void judge(const Recipe& recipe, Tally& tally) {
  Patient patient = patient_of(recipe);
  const Diagnosis d = patient.diagnosed();
  for (const Finding& f : d.findings) {
    ++(f.severity > Severity::info ? tally.alarms : tally.remarks)[f.code];
    if (f.severity > Severity::info && f.consequence_of.empty()) tally.levels[f.certainty.level].add(false);
  }
  const bool alarm = d.worst().value_or(Severity::info) > Severity::info;
  ++tally.healthy;
  tally.alarmed += alarm;
  tally.passes = std::max(tally.passes, d.passes);
  if (alarm) fmt::print(stderr, "ALARM on {}:\n  {}\n", recipe.text(), said(d));
}

/// Errors and warnings of all cases, by how certain they said they were.
void print(const std::map<Confidence, Level>& levels) {
  fmt::print("| said to be | findings | right | part | at least |\n|---|---|---|---|---|\n");
  for (auto level = levels.rbegin(); level != levels.rend(); ++level)
    fmt::print("| {} | {} | {} | {:.3f} | {} |\n", name_of(level->first), level->second.said, level->second.right,
               level->second.share(), needed_of(level->first));
  fmt::print("\n");
}

void print(const Tally& tally) {
  fmt::print(
      "| planted | cases | found, with exactly its layers | also said, and true | also said, and false |\n"
      "|---|---|---|---|---|\n");
  Counts companions, false_ones;
  for (const auto& [code, row] : tally.rows) {
    fmt::print("| {} | {} | {} | {} | {} |\n", code, row.planted, row.found, text_of(row.companions),
               text_of(row.false_ones));
    for (const auto& [other, count] : row.companions) companions[other] += count;
    for (const auto& [other, count] : row.false_ones) false_ones[other] += count;
  }
  fmt::print("| all | {} | {} | {} | {} |\n\n", tally.planted, tally.found, text_of(companions), text_of(false_ones));
  print(tally.levels);
  fmt::print("In bfloat16: {} of the planted cases, half of the healthy networks.\n", tally.bfloat16);
  fmt::print("Healthy networks: {}, with an error or a warning: {} ({}).\n", tally.healthy, tally.alarmed,
             text_of(tally.alarms));
  fmt::print("Infos on healthy networks: {}.\n", text_of(tally.remarks));
  fmt::print("Passes of the sample through the network: {:.1f} at most.\n", tally.passes);
  if (!has_mnist()) fmt::print("MNIST is not there: strokes with other seeds in its place.\n");
}

/// What of the promises does not hold, a line each.
std::vector<std::string> broken(const Tally& tally) {
  std::vector<std::string> lines;
  const auto unless = [&](bool holds, const std::string& line) {
    if (!holds) lines.push_back(line);
  };
  unless(tally.planted >= kLeastPlanted, fmt::format("fewer than {} planted cases", kLeastPlanted));
  unless(tally.healthy >= kLeastHealthy, fmt::format("fewer than {} healthy networks", kLeastHealthy));
  unless(tally.found >= kLeastRecall * tally.planted, fmt::format("recall below {}", kLeastRecall));
  unless(tally.alarmed <= kMostAlarmed, fmt::format("more than {} healthy networks with an alarm", kMostAlarmed));
  for (const auto& [level, count] : tally.levels)
    unless(count.share() >= needed_of(level),
           fmt::format("of findings said to be {} fewer than {} are right", name_of(level), needed_of(level)));
  unless(tally.passes <= kMostPasses, fmt::format("more than {} passes of the sample", kMostPasses));
  return lines;
}

int run(const Arguments& a) {
  Tally tally;
  for (const PlantedCase& c : all_cases(a.shift))
    if (a.only.empty() || a.only == "planted" || a.only == c.code || a.only == c.recipe.architecture) judge(c, tally);
  for (const Recipe& recipe : healthy_recipes(a.shift))
    if (a.only.empty() || a.only == "healthy" || a.only == recipe.architecture) judge(recipe, tally);
  print(tally);
  if (!a.only.empty()) return 0;
  const std::vector<std::string> lines = broken(tally);
  for (const std::string& line : lines) fmt::print("NOT AS IT SHOULD BE: {}\n", line);
  return lines.empty() ? 0 : 1;
}

}  // namespace
}  // namespace evenkeel::table

/// doctor_table [SHIFT [CODE|ARCHITECTURE|planted|healthy]]: all seeds so far from the table's own, for looking at
/// thresholds; one code or one architecture only.
int main(int count, char** words) {
  try {
    evenkeel::table::Arguments arguments;
    if (count > 1) arguments.shift = std::strtoull(words[1], nullptr, 10);
    if (count > 2) arguments.only = words[2];
    return evenkeel::table::run(arguments);
  } catch (const evenkeel::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
