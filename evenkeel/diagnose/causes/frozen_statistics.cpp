#include <algorithm>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/causes/statistics.h"

namespace evenkeel {
namespace {

bool is_frozen(Evidence& evidence, const Normalization& n) {
  return !evidence.model().nodes()[static_cast<std::size_t>(n.layer)].layer.trainable();
}

/// Layers that are not trained and have statistics of other data.
class FrozenStatistics final : public Rule {
 public:
  std::string_view checks() const override { return "statistics of normalizations that are frozen"; }
  std::vector<Need> needs() const override { return {Need::normalization, Need::samples}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    Finding f{.code = "frozen-statistics", .cause = {}};
    for (std::size_t i = 0; i < evidence.normalizations().size(); ++i) {
      const Normalization& n = evidence.normalizations()[i];
      const StatisticsGap& gap = evidence.gaps()[i];
      // Statistics that were never set, or that dropout explains, are other causes.
      if (!is_frozen(evidence, n) || is_initial(gap.moving) || !are_far_in_both_modes(evidence, i) ||
          explains_statistics(findings, evidence.model(), n.name))
        continue;
      f.layers.push_back(n.name);
      f.evidence.push_back(distance_fact(gap));
    }
    if (f.layers.empty()) return;
    f.cause = layers_text(f.layers) + " is frozen (trainable = false), and its statistics are not those of " +
              (evidence.has_train_data() ? "the training data" : "these data");
    f.certainty = Certainty::likely(
        "measured that they do not fit; that they come from other data is the usual reason where a layer is frozen");
    weigh(evidence, f, true);
    findings.push_back(std::move(f));
  }
};

/// Layers that are not trained and whose statistics still change.
class FrozenButMoving final : public Rule {
 public:
  std::string_view checks() const override {
    return "statistics of frozen normalizations against those of an earlier checkpoint";
  }
  std::vector<Need> needs() const override { return {Need::normalization, Need::checkpoint}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    Finding f{.code = "frozen-statistics", .severity = Severity::info, .cause = {}};
    const std::vector<LayerStatistics> moving = moving_statistics(evidence.network());
    const bool from_start = evidence.records().are_initial_statistics;
    const std::string earlier = from_start ? "the weights that training started from" : "the earlier checkpoint";
    for (std::size_t i = 0; i < moving.size(); ++i) {
      const Normalization& n = evidence.normalizations()[i];
      if (!is_frozen(evidence, n) || explains_statistics(findings, evidence.model(), n.name)) continue;
      const double moved = moved_since(evidence, moving[i], n.epsilon);
      if (moved == 0) continue;
      f.layers.push_back(n.name);
      f.evidence.push_back({n.name + ": distance to those of " + earlier, moved, "nats", "0"});
    }
    if (f.layers.empty()) return;
    f.cause = "the statistics of " + layers_text(f.layers) +
              " still move, though the layer is frozen: trainable = false stops only gamma and beta";
    f.certainty = Certainty::sure("compared with " + earlier);
    findings.push_back(std::move(f));
  }

 private:
  /// How far a layer's statistics have moved since the earlier checkpoint; 0 if that has none of the layer.
  static double moved_since(Evidence& evidence, const LayerStatistics& now, double epsilon) {
    const auto& earlier = evidence.records().earlier_statistics;
    const auto before = std::ranges::find(earlier, now.layer, &LayerStatistics::layer);
    if (before == earlier.end() || before->mean.size() != now.mean.size() || *before == now) return 0;
    return statistics_distance(now, *before, epsilon);
  }
};

/// Layers that use frozen statistics in training too. Other data do not make them wrong, because the weights were
/// trained with them. But if the data's serve far better, the weights were trained with others, and these were never
/// loaded with them.
class FrozenInTraining final : public Rule {
 public:
  std::string_view checks() const override { return "whether frozen statistics are those of the weights"; }
  std::vector<Need> needs() const override { return {Need::normalization, Need::samples, Need::scored_samples}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    if (std::ranges::none_of(evidence.normalizations(), &Normalization::frozen)) return;
    const std::vector<LayerStatistics> moving = moving_statistics(evidence.network());
    const std::vector<LayerStatistics> data = evidence.unfrozen_statistics();
    Finding initial{.code = "not-loaded", .cause = {}}, other{.code = "not-loaded", .cause = {}};
    for (std::size_t i = 0; i < moving.size(); ++i) {
      const Normalization& n = evidence.normalizations()[i];
      if (!n.frozen) continue;
      const StatisticsGap gap = gap_between(moving[i], data[i], n.epsilon, evidence.statistics_data().size());
      if (!are_far(gap)) continue;
      Finding& f = is_initial(moving[i]) ? initial : other;
      f.layers.push_back(moving[i].layer);
      f.evidence.push_back(distance_fact(gap));
    }
    Finding& f = initial.layers.empty() ? other : initial;
    if (f.layers.empty()) return;
    f.cost = cost_between(evidence.on_statistics("those of the data, frozen layers too", data), evidence.full_data());
    if (!matters(*f.cost)) return;
    f.severity = Severity::error;
    f.cause =
        "the statistics of " + layers_text(f.layers) +
        (&f == &initial ? " are frozen at 0 and 1, their initial values, and those of the data serve better: they "
                          "were never loaded"
                        : " are frozen, and those of the data serve better: they are not the ones that the "
                          "weights were trained with");
    f.certainty = Certainty::likely("tried: with statistics of the data in their place the loss falls");
    f.certainty.unseen = {"which statistics the weights were trained with"};
    f.remedy.advice =
        "Load the moving statistics with the weights: they are state, not parameters. Estimated from "
        "data they are only near those of training.";
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> frozen_in_training() { return std::make_unique<FrozenInTraining>(); }
std::unique_ptr<Rule> frozen_statistics() { return std::make_unique<FrozenStatistics>(); }
std::unique_ptr<Rule> frozen_but_moving() { return std::make_unique<FrozenButMoving>(); }

}  // namespace evenkeel
