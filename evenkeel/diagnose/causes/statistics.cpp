#include "evenkeel/diagnose/causes/statistics.h"

#include <algorithm>

namespace evenkeel {

bool explains_statistics(const std::vector<Finding>& findings, const Model& model, const std::string& layer) {
  return std::ranges::any_of(findings, [&](const Finding& f) {
    if (f.code == "wrong-axis") return model.find(layer) >= model.find(f.layers.front());
    const bool explains =
        f.code == "frozen-statistics" || f.code == "normalization-of-one-value" || f.code == "small-batch";
    return explains && f.severity > Severity::info && std::ranges::count(f.layers, layer) > 0;
  });
}

void make_consequence(Finding& finding, const std::string& of_code) {
  finding.consequence_of = of_code;
  finding.severity = Severity::info;
}

void subsume(std::vector<Finding>& findings, const Finding& by, std::initializer_list<std::string_view> codes) {
  for (Finding& f : findings) {
    const bool known = std::ranges::all_of(
        f.layers, [&](const std::string& layer) { return std::ranges::count(by.layers, layer) > 0; });
    if (known && std::ranges::count(codes, f.code) > 0) make_consequence(f, by.code);
  }
}

bool are_spoiled(const std::vector<Finding>& findings) {
  return std::ranges::any_of(
      findings, [](const Finding& f) { return f.code == "unusual-samples" && f.severity == Severity::error; });
}

bool are_far(const StatisticsGap& gap) { return !(gap.distance < far_statistics(gap.samples)); }

bool are_far_in_both_modes(Evidence& evidence, std::size_t normalization) {
  return are_far(evidence.gaps()[normalization]) && are_far(evidence.gaps_with_dropout()[normalization]);
}

Fact distance_fact(const StatisticsGap& gap) {
  return {gap.layer + ": distance to the statistics of the data", gap.distance, "nats",
          "below " + figure(far_statistics(gap.samples), 2)};
}

void weigh(Evidence& evidence, Finding& finding, bool far) {
  finding.cost = cost_between(evidence.full_data(), evidence.moving_in(finding.layers));
  // If the moving statistics score better than those of the data, the data are unusual, for example without one class.
  const bool serves = finding.cost->loss.value < -3 * finding.cost->loss.error;
  finding.severity = !far || serves ? Severity::info : matters(*finding.cost) ? Severity::error : Severity::warning;
}

}  // namespace evenkeel
