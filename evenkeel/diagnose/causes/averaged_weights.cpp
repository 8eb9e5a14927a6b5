#include <algorithm>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/causes/statistics.h"
#include "evenkeel/nn/tensor_role.h"

namespace evenkeel {
namespace {

/// While it lives, the network has the weights that its averages were made of.
class RawWeights {
 public:
  RawWeights(Network& network, const NamedTensors& raw) : network_(network) {
    for (const auto& [name, values] : raw) {
      averages_.emplace_back(name, Tensor::copy_of(network.weight(name)));
      network.set_weight(name, values);
    }
  }
  ~RawWeights() {
    for (const auto& [name, values] : averages_) network_.set_weight(name, values);
  }
  RawWeights(const RawWeights&) = delete;
  RawWeights& operator=(const RawWeights&) = delete;

 private:
  Network& network_;
  NamedTensors averages_;
};

/// Whether the raw weights are of the moment of these averages: both come with the same statistics, bit by bit.
bool belong_together(const Network& network, const NamedTensors& raw) {
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
      const RawWeights weights(evidence.network(), raw);
      return statistics_gap(evidence.network(), evidence.train_data());
    }();
    evidence.add_passes(1);
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
    for (Finding& other : findings)
      if (other.code == "stale-statistics" && std::ranges::includes(sorted(f.layers), sorted(other.layers))) {
        other.consequence_of = f.code;
        other.severity = Severity::info;
      }
    findings.push_back(std::move(f));
  }

 private:
  static std::vector<std::string> sorted(std::vector<std::string> names) {
    std::ranges::sort(names);
    return names;
  }
};

}  // namespace

std::unique_ptr<Rule> averaged_weights() { return std::make_unique<AveragedWeightsRule>(); }

}  // namespace evenkeel
