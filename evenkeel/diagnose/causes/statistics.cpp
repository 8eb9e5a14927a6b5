#include "evenkeel/diagnose/causes/statistics.h"

#include <algorithm>

namespace evenkeel {

bool explains_statistics(const std::vector<Finding>& findings, const Model& model, const std::string& layer) {
  return std::ranges::any_of(findings, [&](const Finding& f) {
    if (f.code == "wrong-axis") return model.find(layer) >= model.find(f.layers.front());
    return f.code == "frozen-statistics" && f.severity > Severity::info && std::ranges::count(f.layers, layer) > 0;
  });
}

bool are_far(const StatisticsGap& gap) { return !(gap.distance < kFarStatistics); }

bool are_far_in_both_modes(Evidence& evidence, std::size_t normalization) {
  return are_far(evidence.gaps()[normalization]) && are_far(evidence.gaps_with_dropout()[normalization]);
}

Fact distance_fact(const StatisticsGap& gap) {
  return {gap.layer + ": distance to the statistics of the data", gap.distance, "nats",
          "below " + figure(kFarStatistics)};
}

void weigh(Evidence& evidence, Finding& finding, bool far) {
  finding.cost = cost_between(evidence.full_data(), evidence.moving_in(finding.layers));
  finding.severity = !far ? Severity::info : matters(*finding.cost) ? Severity::error : Severity::warning;
}

}  // namespace evenkeel
