#include "evenkeel/diagnose/diagnosis.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "evenkeel/diagnose/causes/rule.h"
#include "evenkeel/diagnose/causes/statistics.h"
#include "evenkeel/diagnose/codes.h"
#include "evenkeel/diagnose/outlook.h"

namespace evenkeel {
namespace {

/// Limits of the data that affect all results.
std::vector<std::string> notes_on(Evidence& evidence) {
  std::vector<std::string> notes;
  const auto note = [&](const Dataset& data, const std::string& what) {
    if (data.size() < 2)
      notes.push_back("One sample in \"" + data.name() + "\": standard errors need at least two.");
    else if (is_of_one_class(data))
      notes.push_back("All " + std::to_string(data.size()) + " samples of \"" + data.name() + "\" are of class " +
                      std::to_string(data.y().as<std::int32_t>()[0]) + ": " + what + " are those of this class alone.");
  };
  note(evidence.data(), evidence.has_train_data() ? "scores" : "statistics and scores");
  if (evidence.has_train_data()) note(evidence.train_data(), "statistics");
  return notes;
}

double price_of(const Finding& finding) { return finding.cost ? or_infinite(finding.cost->loss.value) : 0; }

/// Layers that yield the same whatever they read do not learn, and pass no gradient on.
void subsume_under_dead_ends(std::vector<Finding>& findings) {
  for (const Finding& f : findings) {
    if (!code_info(f.code).is_dead_end || f.severity == Severity::info) continue;
    subsume(findings, f, {"not-loaded"});
    for (Finding& other : findings)
      if (other.code == "vanishing-gradient") make_consequence(other, f.code);
  }
}

Diagnosis diagnosed(Evidence& evidence, const DiagnosisProgress& progress) {
  const std::int64_t parts = std::ssize(all_rules()) + 1;  // and the chain from mode to mode
  std::int64_t done = 0;
  const auto begin = [&](std::string_view what) {
    if (progress) progress(what, done++, parts);
  };
  Diagnosis result;
  result.notes = notes_on(evidence);
  for (const auto& rule : all_rules()) {
    begin(rule->checks());
    if (std::string why = why_not(*rule, evidence); why.empty()) {
      judge(*rule, evidence, result.findings);
      result.checked.emplace_back(rule->checks());
    } else {
      result.unchecked.emplace_back(rule->checks(), std::move(why));
    }
  }
  subsume_under_dead_ends(result.findings);
  begin("what each change of mode costs");
  result.cells = four_cells(evidence, result.findings);
  add_outlooks(evidence, result.findings);
  result.attribution = attribute(evidence, result.findings, evidence.batch_size());
  std::ranges::stable_sort(result.findings, [](const Finding& a, const Finding& b) {
    // Findings that are only possible come last.
    const auto rank = [](const Finding& f) {
      return std::tuple(f.severity, f.certainty.level > Confidence::possible, price_of(f));
    };
    return rank(a) > rank(b);
  });
  if (!evidence.normalizations().empty()) {
    result.gaps = evidence.gaps();
    if (evidence.has_dropout()) result.shifts = evidence.noise_shifts();
    result.histograms = input_histograms(evidence.network(), evidence.statistics_data(), evidence.full_statistics());
  }
  result.samples = evidence.data().size();
  result.passes = evidence.passes();
  begin("");
  return result;
}

}  // namespace

std::optional<Severity> Diagnosis::worst() const {
  if (findings.empty()) return {};
  return std::ranges::max(findings, {}, &Finding::severity).severity;
}

std::vector<std::size_t> most_distant(const std::vector<StatisticsGap>& gaps, std::size_t most) {
  std::vector<std::size_t> order(gaps.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t i) { return or_infinite(gaps[i].distance); });
  order.resize(std::min(order.size(), most));
  std::ranges::sort(order);
  return order;
}

Diagnosis diagnose(Network& network, Subject subject, const DiagnosisProgress& progress) {
  Dataset sample;
  Diagnosis result;
  {
    Evidence evidence(network, std::move(subject));
    result = diagnosed(evidence, progress);
    sample = evidence.data();
  }
  add_tried_outlooks(network, sample, result.findings);
  return result;
}

std::vector<Finding> cheap_findings(Network& network, Subject subject) {
  Evidence evidence(network, std::move(subject));
  std::vector<Finding> findings;
  for (const auto& rule : all_rules())
    if (rule->cheap() && why_not(*rule, evidence).empty()) judge(*rule, evidence, findings);
  return findings;
}

}  // namespace evenkeel
