#include "evenkeel/report/doctor/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "evenkeel/formats/json_file.h"

namespace evenkeel {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Estimate& e) { return {{"value", e.value}, {"standard_error", e.error}}; }

Json json_of(const Cost& cost) {
  return {{"loss", json_of(cost.loss)}, {"accuracy", cost.accuracy ? json_of(*cost.accuracy) : Json()}};
}

Json json_of(const FourCells::Cell& cell) {
  return {{"loss", json_of(cell.loss)}, {"accuracy", cell.accuracy ? json_of(*cell.accuracy) : Json()}};
}

Json json_of(const NoiseShift& shift) {
  return {{"layer", shift.noise},
          {"variance_ratio", shift.measured},
          {"closed_form", shift.closed_form ? Json(*shift.closed_form) : Json()}};
}

Json json_of(const Expectation& e) {
  return {{"equal", e.equal},
          {"explanation", e.explanation},
          {"difference", e.difference},
          {"remaining", e.remaining},
          {"samples", e.samples}};
}

Json json_of(const DoctorDescription::Entry& entry) {
  const Finding& f = entry.finding;
  Json evidence = Json::array();
  for (const Fact& fact : f.evidence)
    evidence.push_back({{"what", fact.what}, {"value", fact.value}, {"unit", fact.unit}, {"expected", fact.expected}});
  return {{"code", f.code},
          {"title", entry.title},
          {"severity", name_of(f.severity)},
          {"layer", f.layers.empty() ? Json() : Json(f.layers.front())},
          {"layers", f.layers},
          {"foreign", entry.foreign.empty() ? Json() : Json(entry.foreign)},
          {"cause", f.cause},
          {"evidence", evidence},
          {"certainty", name_of(f.certainty.level)},
          {"certainty_reason", f.certainty.why},
          {"excluded", f.certainty.excluded},
          {"unseen", f.certainty.unseen},
          {"cost", f.cost ? json_of(*f.cost) : Json()},
          {"consequence_of", f.consequence_of.empty() ? Json() : Json(f.consequence_of)},
          {"remedy",
           {{"advice", entry.remedy.advice},
            {"command", entry.command},
            {"promise", entry.promise},
            {"keras", entry.remedy.keras},
            {"pytorch", entry.remedy.pytorch}}},
          {"documentation", entry.documentation}};
}

/// All four cells; null for one that was not measured.
Json cells_of(const DoctorDescription& d) {
  Json cells;
  for (const char* key : {"evaluation", "training", "train_data_evaluation", "train_data_training"}) {
    const auto cell = std::ranges::find(d.cells, key, &DoctorDescription::Cell::key);
    cells[key] = cell == d.cells.end() ? Json() : json_of(cell->scores);
  }
  cells["gap"] = d.gap;
  cells["replaced_values"] = d.replaced;
  cells["verdict"] = d.verdict;
  return cells;
}

Json chain_of(const Attribution& chain) {
  Json links = Json::array();
  for (const ChainLink& link : chain.links)
    links.push_back({{"change", link.change},
                     {"layers", link.layers},
                     {"cost", json_of(link.cost)},
                     {"in_reverse_order", json_of(link.cost_in_reverse)}});
  return {
      {"batch_size", chain.batch_size}, {"start", json_of(chain.start)}, {"links", links}, {"end", json_of(chain.end)}};
}

}  // namespace

std::string doctor_json(const DoctorDescription& d) {
  Json findings = Json::array(), statistics = Json::array(), unchecked = Json::array();
  for (const auto& entry : d.findings) findings.push_back(json_of(entry));
  for (const auto& n : d.normalizations)
    statistics.push_back(
        {{"layer", n.gap.layer}, {"distance", n.gap.distance}, {"noise", n.shift ? json_of(*n.shift) : Json()}});
  for (const auto& [what, why] : d.unchecked) unchecked.push_back({{"what", what}, {"why", why}});
  Json json{{"findings", findings},     {"cells", cells_of(d)}, {"attribution", chain_of(d.chain)},
            {"statistics", statistics}, {"checked", d.checked}, {"notes", d.notes},
            {"unchecked", unchecked},   {"samples", d.samples}, {"passes", d.passes}};
  if (!d.file.empty()) json["file"] = {{"path", d.file}, {"lost", d.lost}};
  if (d.expectation) json["expectation"] = json_of(*d.expectation);
  return formats::json_text(json, 2);
}

std::string expectation_json(const Expectation& expectation, const std::string& why) {
  const Json json{{"findings", Json::array()},
                  {"unchecked", {{{"what", "everything but the expected outputs"}, {"why", why}}}},
                  {"samples", expectation.samples},
                  {"expectation", json_of(expectation)}};
  return formats::json_text(json, 2);
}

}  // namespace evenkeel
