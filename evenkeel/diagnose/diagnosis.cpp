#include "evenkeel/diagnose/diagnosis.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "evenkeel/diagnose/rule.h"

namespace evenkeel {
namespace {

/// What limits all that follows, whatever the network.
std::vector<std::string> notes_on(const Dataset& data) {
  if (data.size() < 2) return {"One sample: standard errors need at least two."};
  if (!data.has_labels()) return {};
  const auto labels = data.y().as<std::int32_t>();
  if (std::ranges::any_of(labels, [&](std::int32_t label) { return label != labels[0]; })) return {};
  return {"All " + std::to_string(data.size()) + " samples of \"" + data.name() + "\" are of class " +
          std::to_string(labels[0]) + ": statistics and scores are those of this class alone."};
}

double price_of(const Finding& finding) { return finding.cost ? finding.cost->loss.value : 0; }

}  // namespace

std::optional<Severity> Diagnosis::worst() const {
  if (findings.empty()) return {};
  return std::ranges::max(findings, {}, &Finding::severity).severity;
}

std::vector<std::size_t> most_distant(const std::vector<StatisticsGap>& gaps, std::size_t most) {
  std::vector<std::size_t> order(gaps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t i) { return gaps[i].distance; });
  order.resize(std::min(order.size(), most));
  std::ranges::sort(order);
  return order;
}

Diagnosis diagnose(Network& network, Subject subject) {
  Evidence evidence(network, std::move(subject));
  Diagnosis result;
  result.notes = notes_on(evidence.data());
  for (const auto& rule : all_rules())
    if (std::string why = why_not(*rule, evidence); why.empty()) {
      rule->judge(evidence, result.findings);
      result.checked.emplace_back(rule->checks());
    } else {
      result.unchecked.emplace_back(rule->checks(), std::move(why));
    }
  result.cells = four_cells(evidence);
  result.attribution = attribute(evidence, result.findings, evidence.batch_size());
  std::ranges::stable_sort(result.findings, [](const Finding& a, const Finding& b) {
    return std::tuple(a.severity, price_of(a)) > std::tuple(b.severity, price_of(b));
  });
  if (!evidence.normalizations().empty()) {
    result.gaps = evidence.gaps();
    if (evidence.has_dropout()) result.shifts = evidence.noise_shifts();
    result.histograms = input_histograms(network, evidence.train_data(), evidence.full_statistics());
  }
  result.samples = evidence.data().size();
  result.passes = evidence.passes();
  return result;
}

}  // namespace evenkeel
