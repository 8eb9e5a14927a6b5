#include "evenkeel/diagnose/rules/rules.h"
#include "evenkeel/diagnose/rules/statistics.h"

namespace evenkeel {
namespace {

/// A layer that is not trained but whose statistics are those of other data, or go on moving.
class FrozenStatistics final : public Rule {
 public:
  std::string_view checks() const override { return "statistics of normalizations that are frozen"; }
  std::vector<Need> needs() const override { return {Need::normalization, Need::samples}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    Finding unfit{.code = "frozen-statistics", .cause = {}}, moving{.code = "frozen-statistics", .cause = {}};
    for (std::size_t i = 0; i < evidence.normalizations().size(); ++i) {
      const Normalization& n = evidence.normalizations()[i];
      if (evidence.model().nodes()[static_cast<std::size_t>(n.layer)].layer.trainable()) continue;
      const StatisticsGap& gap = evidence.gaps()[i];
      // Those that were never set, and those that dropout explains, are other causes.
      if (is_initial(gap.moving) || explains_statistics(findings, evidence.model(), n.name)) continue;
      if (!(gap.distance < kFarStatistics) && !(evidence.gaps_with_dropout()[i].distance < kFarStatistics)) {
        unfit.layers.push_back(n.name);
        unfit.evidence.push_back({n.name + ": distance to the statistics of the data", gap.distance, "nats",
                                  "below " + figure(kFarStatistics)});
      } else if (const double moved = moved_since(evidence, gap, n.epsilon); moved > 0) {
        moving.layers.push_back(n.name);
        moving.evidence.push_back({n.name + ": distance to those of the checkpoint before", moved, "nats", "0"});
      }
    }
    if (!unfit.layers.empty()) findings.push_back(explained_unfit(evidence, std::move(unfit)));
    if (!moving.layers.empty()) findings.push_back(explained_moving(std::move(moving)));
  }

 private:
  /// How far its statistics have come since the earlier checkpoint; 0 where that is not known.
  static double moved_since(Evidence& evidence, const StatisticsGap& gap, double epsilon) {
    const auto& earlier = evidence.records().earlier_statistics;
    const auto before = std::ranges::find(earlier, gap.layer, &LayerStatistics::layer);
    if (before == earlier.end() || before->mean.size() != gap.moving.mean.size() || *before == gap.moving) return 0;
    return statistics_distance(gap.moving, *before, epsilon);
  }

  static Finding explained_unfit(Evidence& evidence, Finding f) {
    f.cause = layers_text(f.layers) + " is frozen (trainable = false), and its statistics are not those of " +
              (evidence.has_train_data() ? "the training data" : "these data");
    f.certainty = "sure that they do not fit; that they come from other data is the usual reason";
    f.cost = cost_between(evidence.full_data(), evidence.moving_in(f.layers));
    f.severity = matters(*f.cost) ? Severity::error : Severity::warning;
    return f;
  }

  static Finding explained_moving(Finding f) {
    f.severity = Severity::info;
    f.cause = "the statistics of " + layers_text(f.layers) +
              " still move, though the layer is frozen: trainable = false holds gamma and beta only";
    f.certainty = "certain: compared with an earlier checkpoint";
    return f;
  }
};

}  // namespace

std::unique_ptr<Rule> frozen_statistics() { return std::make_unique<FrozenStatistics>(); }

}  // namespace evenkeel
