#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/causes/statistics.h"
#include "evenkeel/diagnose/measure/other_weights.h"
#include "evenkeel/nn/tensor_role.h"

namespace evenkeel {
namespace {

/// The share of the initial weights in an average: below the first it does not matter, above the second it is large.
constexpr double kLeastShare = 0.01, kMuchShare = 0.1;

/// Whether the raw weights are from the same step as these averages: then both have exactly the same statistics.
bool belong_together(const MeasuredNetwork& network, const NamedTensors& raw) {
  for (const auto& [name, values] : raw)
    if (is_statistic(network.model(), name) &&
        !std::ranges::equal(values.as<float>(), network.weight(name).as<float>()))
      return false;
  return true;
}

class AveragedWeightsRule final : public Rule {
 public:
  std::string_view checks() const override { return "moving averages of the weights against their statistics"; }
  std::vector<Need> needs() const override { return {Need::normalization, Need::samples, Need::raw_weights}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const NamedTensors& raw = *evidence.records().raw_weights;
    if (std::ranges::none_of(evidence.gaps(), are_far) || !belong_together(evidence.network(), raw)) return;
    const std::vector<StatisticsGap> with_raw = [&] {
      const OtherWeights weights(evidence.network(), raw);
      return statistics_gap(evidence.network(), evidence.train_data());
    }();
    evidence.add_passes(1, evidence.train_data());
    Finding f{.code = "averaged-weights", .cause = {}};
    for (std::size_t i = 0; i < with_raw.size(); ++i) {
      const StatisticsGap& gap = evidence.gaps()[i];
      if (!are_far(gap) || are_far(with_raw[i])) continue;
      f.layers.push_back(gap.layer);
      f.evidence.push_back(distance_fact(gap));
      f.evidence.push_back(
          {gap.layer + ": the same with the weights of training", with_raw[i].distance, "nats", "below 0.05"});
    }
    if (f.layers.empty()) return;
    f.cause = "the weights are moving averages, the moving statistics of " + layers_text(f.layers) +
              " belong to the weights that were averaged";
    f.certainty =
        Certainty::sure("the same statistics fit the weights that the checkpoint holds beside their averages");
    weigh(evidence, f, true);
    subsume(findings, f, {"stale-statistics"});
    findings.push_back(std::move(f));
  }
};

/// Averages begin with the weights after the first update and forget them at the rate of their momentum.
class AveragedTooBriefly final : public Rule {
 public:
  std::string_view checks() const override { return "how much of their first weights the averages still have"; }
  std::vector<Need> needs() const override { return {Need::averages}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const double momentum = *evidence.records().ema_momentum;
    const double updates = static_cast<double>(std::max<std::uint64_t>(*evidence.records().updates, 1));
    const double share = std::pow(momentum, updates - 1);
    if (share < kLeastShare) return;
    Finding f{
        .code = "averaged-too-briefly",
        .severity = share >= kMuchShare ? Severity::warning : Severity::info,
        .cause = "the weights are averages that are still " + figure(100 * share, 2) +
                 " % the weights of the first step: " + figure(updates, 6) + " updates are too few for ema_momentum " +
                 figure(momentum, 6),
        .evidence = {{"share of the first weights in the averages", share, "", "near 0"},
                     {"updates", updates, "", "at least " + figure(std::log(kLeastShare) / std::log(momentum), 2)}},
        .certainty = Certainty::sure("from the record of the run")};
    if (const auto raw = evidence.records().raw_weights; raw && belong_together(evidence.network(), *raw))
      measure(evidence, *raw, f);
    findings.push_back(std::move(f));
  }

 private:
  /// The cost against the weights themselves; both use statistics that fit them.
  static void measure(Evidence& evidence, const NamedTensors& raw, Finding& f) {
    const SampleScores& averages = evidence.normalizations().empty() ? evidence.evaluation() : evidence.full_data();
    const OtherWeights weights(evidence.network(), raw);
    const SampleScores themselves = evidence.score(evidence.data());
    f.cost = cost_between(themselves, averages);
    f.severity = matters(*f.cost) ? Severity::error : Severity::info;
  }
};

}  // namespace

std::unique_ptr<Rule> averaged_weights() { return std::make_unique<AveragedWeightsRule>(); }
std::unique_ptr<Rule> averaged_too_briefly() { return std::make_unique<AveragedTooBriefly>(); }

}  // namespace evenkeel
