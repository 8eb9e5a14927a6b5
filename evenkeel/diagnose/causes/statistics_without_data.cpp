#include <algorithm>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/causes/statistics.h"

namespace evenkeel {
namespace {

/// What statistics and settings show by themselves. Data only show how much it matters.
class StatisticsWithoutData final : public Rule {
 public:
  std::string_view checks() const override { return "moving statistics that were never updated, and their momentum"; }
  std::vector<Need> needs() const override { return {Need::normalization}; }
  bool cheap() const override { return true; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    Finding initial{
        .code = "never-updated", .cause = {}, .certainty = Certainty::sure("bit for bit the initial values")};
    Finding inverted{
        .code = "momentum-inverted",
        .cause = {},
        .certainty = Certainty::likely(
            "the momentum is read from the model; that it follows the other convention is the usual reason")};
    const std::vector<LayerStatistics> moving = moving_statistics(evidence.network());
    double momentum = 1;
    for (std::size_t i = 0; i < moving.size(); ++i) {
      const Normalization& n = evidence.normalizations()[i];
      if (n.frozen) continue;  // frozen_in_training judges them
      if (explains_statistics(findings, evidence.model(), n.name)) continue;
      if (is_initial(moving[i])) {
        initial.layers.push_back(n.name);
      } else if (n.has_inverted_momentum()) {
        inverted.layers.push_back(n.name);
        inverted.evidence.push_back({n.name + ": momentum", n.momentum, "", "0.9 to 0.999"});
        momentum = std::min(momentum, n.momentum);
      }
    }
    if (!initial.layers.empty()) {
      initial.cause =
          "the moving statistics of " + layers_text(initial.layers) +
          " are exactly 0 and 1, their initial values: training never updated them, or they were never loaded";
      measure(evidence, initial);
      findings.push_back(std::move(initial));
    }
    if (!inverted.layers.empty()) {
      inverted.cause = "momentum " + figure(momentum) + " of " + layers_text(inverted.layers) +
                       " keeps hardly anything of the old statistics: it weighs the old value here, the new one in "
                       "PyTorch (" +
                       momentum_text(1 - momentum) + " was meant)";
      inverted.remedy = {
          .advice = "Set momentum to " + momentum_text(1 - momentum) + " here. Then estimate the statistics from data.",
          .keras = "BatchNormalization(momentum=" + momentum_text(1 - momentum) + ")  # weight of the old value",
          .pytorch = "nn.BatchNorm2d(c, momentum=" + figure(momentum, 4) + ")  # weight of the new value"};
      measure(evidence, inverted);
      inverted.severity = std::max(inverted.severity, Severity::warning);
      findings.push_back(std::move(inverted));
    }
  }

 private:
  static void measure(Evidence& evidence, Finding& f) {
    if (const std::string why = unmet(Need::samples, evidence); !why.empty()) {
      f.severity = Severity::warning;
      f.certainty.why += "; its cost was not measured, since " + why;
      return;
    }
    bool far = false;
    for (std::size_t i = 0; i < evidence.gaps().size(); ++i) {
      const StatisticsGap& gap = evidence.gaps()[i];
      if (std::ranges::count(f.layers, gap.layer) == 0) continue;
      f.evidence.push_back(distance_fact(gap));
      far = far || are_far_in_both_modes(evidence, i);
    }
    weigh(evidence, f, far);
  }
};

}  // namespace

std::unique_ptr<Rule> statistics_without_data() { return std::make_unique<StatisticsWithoutData>(); }

}  // namespace evenkeel
