#include "evenkeel/diagnose/diagnosis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/causes/rule.h"
#include "evenkeel/diagnose/causes/statistics.h"
#include "evenkeel/diagnose/codes.h"
#include "evenkeel/diagnose/measure/own_network.h"
#include "evenkeel/diagnose/measure/spread_network.h"
#include "evenkeel/diagnose/outlook.h"

namespace evenkeel {
namespace {

/// Limits of the data that affect all results.
std::vector<std::string> notes_on(Evidence& evidence) {
  std::vector<std::string> notes = evidence.records().lost;
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

void tell(const Evidence& evidence, const DiagnosisProgress& progress, DiagnosisStep step) {
  if (!progress) return;
  step.passes = evidence.passes();
  step.expected = evidence.expected_passes();
  progress(step);
}

constexpr std::int64_t kDrawn = 256, kDrawnOfLarge = 64;  ///< samples in the histograms; of a large network

/// How many samples would have shown the same: of all costs that matter, the least that still is three standard errors.
/// The error of a mean falls with the root of the number of samples.
std::int64_t enough_samples(const std::vector<Finding>& findings, std::int64_t samples) {
  double needed = kEnoughSamples;
  for (const Finding& f : findings) {
    if (!f.cost || !f.cost->loss.above_zero_by(3)) continue;
    const double errors = f.cost->loss.value / std::max(f.cost->loss.error, 1e-30);
    needed = std::max(needed, static_cast<double>(samples) * 9 / (errors * errors));
  }
  return static_cast<std::int64_t>(std::ceil(needed / 100) * 100);
}

/// What a large network's diagnosis left out, and what it could have done without.
void note_effort(Evidence& evidence, Diagnosis& result) {
  if (!evidence.is_large()) return;
  const std::int64_t samples = evidence.data().size(), enough = enough_samples(result.findings, samples);
  result.notes.push_back(fmt::format(
      "The network takes {} GF a sample, so that batches were shuffled {} times, not {}, and fewer pairs of "
      "corrections of the data were tried, on fewer samples.",
      figure(evidence.flops() / 1e9, 2), Evidence::kFewPasses, Evidence::kPasses));
  if (2 * enough <= samples)
    result.notes.push_back(fmt::format(
        "{} samples would have led to the same findings, but for channels that are never active, which need {}: "
        "--samples {}",
        with_commas(enough), with_commas(kManySamples), enough));
}

Diagnosis diagnosed(Evidence& evidence, const DiagnosisProgress& progress, DiagnosisStep& step) {
  const std::int64_t parts = std::ssize(all_rules()) + 1;  // and the chain from mode to mode
  std::int64_t done = 0;
  const auto begin = [&](std::string_view what) {
    step = {.what = what, .done = done++, .of = parts};
    tell(evidence, progress, step);
    step.begins = false;
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
    const std::string why = evidence.network().why_not(Measurement::histograms);
    if (why.empty())
      result.histograms = evidence.histograms(evidence.is_large() ? kDrawnOfLarge : kDrawn);
    else
      result.unchecked.emplace_back("the input of every normalization in both modes", why);
  }
  note_effort(evidence, result);
  result.samples = evidence.data().size();
  result.passes = evidence.passes();
  begin("");
  return result;
}

/// `sample`: the samples that were drawn.
Diagnosis diagnosed_with_sample(MeasuredNetwork& network, Subject subject, const DiagnosisProgress& progress,
                                Dataset& sample) {
  DiagnosisStep step;
  Evidence::Observer observer;
  if (progress) observer = [&](const Evidence& measuring) { tell(measuring, progress, step); };
  std::optional<SpreadNetwork> spread;
  if (subject.among) spread.emplace(network, *subject.among);
  Evidence evidence(spread ? *spread : network, std::move(subject), std::move(observer));
  sample = evidence.data();
  return diagnosed(evidence, progress, step);
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

std::string effort_text(const Model& model, std::int64_t samples, std::int64_t available) {
  const std::int64_t used = samples > 0 ? std::min(samples, available) : available;
  const double flops = flops_of_sample(model);
  if (flops < kLargeFlops || used < 2 * kEnoughSamples) return {};
  return fmt::format(
      "{} samples at {} GF each, {} TF a pass, and the doctor needs about 10 passes; --samples {} is enough for all "
      "rules but those of channels that are never active, which need {}",
      with_commas(used), figure(flops / 1e9, 2), figure(flops / 1e12 * static_cast<double>(used), 2), kEnoughSamples,
      with_commas(kManySamples));
}

Diagnosis diagnose(MeasuredNetwork& network, Subject subject, const DiagnosisProgress& progress) {
  Dataset sample;
  return diagnosed_with_sample(network, std::move(subject), progress, sample);
}

Diagnosis diagnose(Network& network, Subject subject, const DiagnosisProgress& progress) {
  OwnNetwork own(network);
  Dataset sample;
  Diagnosis result = diagnosed_with_sample(own, std::move(subject), progress, sample);
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
