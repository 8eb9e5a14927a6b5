// `make doctor-table`: what the doctor says of networks with a defect, and of networks without one. Prints the table of
// docs/doctor/table.md; exit 1 where recall or silence is not what it should be.

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cases.h"
#include "evenkeel/base/error.h"

namespace evenkeel::table {

std::vector<PlantedCase> all_cases() {
  std::vector<PlantedCase> all;
  for (const auto cases : {statistics_cases, number_cases, layer_cases, setting_cases, axis_cases, data_cases})
    std::ranges::move(cases(), std::back_inserter(all));
  std::erase_if(all, [](const PlantedCase& c) { return !has_data(c.recipe.data); });
  return all;
}

std::vector<Recipe> healthy_recipes() {
  std::vector<Recipe> recipes;
  std::uint64_t seed = 100;
  for (const std::string architecture : {"convnet", "pooled", "residual", "mlp", "deep"})
    for (const std::string data : {"strokes", "patches", "mnist"})
      for (const Precision precision : {Precision::float32, Precision::bfloat16})
        for (int i = 0; i < 3; ++i)
          if (has_data(data))
            recipes.push_back({.architecture = architecture,
                               .data = data,
                               .seed = seed++,
                               .precision = precision,
                               .dropout = i == 2 ? 0.1 : 0});
  return recipes;
}

namespace {

struct Tally {
  int cases = 0, found = 0;
};

std::string said(const Diagnosis& d) {
  std::string text;
  for (const Finding& f : d.findings)
    text += fmt::format("{}{} {} {}", text.empty() ? "" : "; ", name_of(f.severity), f.code, layers_text(f.layers));
  return text.empty() ? "nothing" : text;
}

bool names(const Diagnosis& d, const PlantedCase& c) {
  return std::ranges::any_of(d.findings, [&](const Finding& f) {
    return f.code == c.code && (c.layer.empty() || std::ranges::find(f.layers, c.layer) != f.layers.end());
  });
}

/// Errors and warnings that are neither the planted defect nor one that comes with it.
int beside(const Diagnosis& d, const PlantedCase& c) {
  return static_cast<int>(std::ranges::count_if(d.findings, [&](const Finding& f) {
    return f.severity > Severity::info && f.code != c.code && !c.acceptable.contains(f.code);
  }));
}

int run() {
  std::map<std::string, Tally> by_code;
  int planted = 0, found = 0, surplus = 0;
  double most_passes = 0;
  for (const PlantedCase& c : all_cases()) {
    Patient patient = c.make(c.recipe);
    const Diagnosis d = patient.diagnosed();
    const bool hit = names(d, c);
    const int others = beside(d, c);
    ++planted;
    found += hit;
    surplus += others;
    ++by_code[c.code].cases;
    by_code[c.code].found += hit;
    most_passes = std::max(most_passes, d.passes);
    if (!hit || others)
      fmt::print(stderr, "{}{}: {} ({}): {}\n", hit ? "also" : "MISSED ", c.code, c.planted, c.recipe.text(), said(d));
  }
  int healthy = 0, alarmed = 0;
  for (const Recipe& recipe : healthy_recipes()) {
    Patient patient = patient_of(recipe);
    const Diagnosis d = patient.diagnosed();
    ++healthy;
    const bool alarm = d.worst().value_or(Severity::info) > Severity::info;
    alarmed += alarm;
    most_passes = std::max(most_passes, d.passes);
    if (alarm) fmt::print(stderr, "ALARM on {}: {}\n", recipe.text(), said(d));
  }
  fmt::print("| code | planted | found, with the right layer |\n|---|---|---|\n");
  for (const auto& [code, tally] : by_code) fmt::print("| {} | {} | {} |\n", code, tally.cases, tally.found);
  fmt::print("| all | {} | {} |\n\n", planted, found);
  fmt::print("Healthy networks: {}, with an error or a warning: {}.\n", healthy, alarmed);
  fmt::print("Findings beside the planted one that do not come with it: {}.\n", surplus);
  fmt::print("Passes of the sample through the network: {:.1f} at most.\n", most_passes);
  return found >= 0.95 * planted && alarmed * 45 <= healthy ? 0 : 1;
}

}  // namespace
}  // namespace evenkeel::table

int main() {
  try {
    return evenkeel::table::run();
  } catch (const evenkeel::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
}
