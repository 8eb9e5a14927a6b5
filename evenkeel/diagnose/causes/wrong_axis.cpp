#include <algorithm>
#include <map>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/causes/statistics.h"

namespace evenkeel {
namespace {

/// Each layer costs a pass over the sample; networks with more than a few such layers are rare.
constexpr int kTrials = 8;

/// A normalization whose input has other axes of the same length: its tensors fit them as well.
struct Suspect {
  std::size_t normalization = 0;  ///< index among them
  std::int64_t declared = 0;      ///< counted from the batch (0)
  std::vector<std::int64_t> others = {};
};

std::vector<Suspect> suspects_of(Evidence& evidence) {
  const Model& model = evidence.model();
  const CompiledModel compiled = compile(model, {.batch_size = 1});
  std::vector<Suspect> suspects;
  for (std::size_t i = 0; i < evidence.normalizations().size(); ++i) {
    const Normalization& n = evidence.normalizations()[i];
    if (!n.axis) continue;
    const int from = model.nodes()[static_cast<std::size_t>(n.layer)].inputs.front();
    const Shape sample = from < 0 ? model.input_at(from).shape : compiled.layer_outputs[static_cast<std::size_t>(from)];
    const int rank = sample.rank() + 1;
    Suspect suspect{.normalization = i, .declared = *n.axis < 0 ? *n.axis + rank : *n.axis};
    for (int axis = 1; axis < rank; ++axis)
      if (axis != suspect.declared && sample[axis - 1] == sample[static_cast<int>(suspect.declared) - 1])
        suspect.others.push_back(axis);
    if (!suspect.others.empty()) suspects.push_back(suspect);
  }
  return suspects;
}

using Axes = std::map<std::string, std::int64_t>;

/// The same model with some normalizations along other axes.
Model with_axes(const Model& model, const Axes& axes) {
  return model.with_layers([&](const Layer& layer) {
    const auto axis = axes.find(layer.name());
    return axis == axes.end() ? layer : layer.with("axis", axis->second);
  });
}

/// PyTorch normalizes axis 1: the fitting axis is moved there, and back.
Remedy axis_remedy(std::int64_t axis) {
  const std::string there = "(1, " + std::to_string(axis) + ')';
  return {.keras = "BatchNormalization(axis=" + std::to_string(axis) + ')',
          .pytorch = axis == 1
                         ? "x = bn(x)  # BatchNorm2d normalizes axis 1"
                         : "x = bn(x.transpose" + there + ").transpose" + there + "  # BatchNorm2d normalizes axis 1"};
}

/// If lengths differ, weights for another axis cannot be loaded at all. If they are equal, the data decide.
class WrongAxis final : public Rule {
 public:
  std::string_view checks() const override {
    return "the axis of normalizations whose input has several axes of the same length";
  }
  std::vector<Need> needs() const override { return {Need::normalization, Need::samples, Need::other_axes}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    Finding f{.code = "wrong-axis", .cause = {}};
    Axes axes;
    std::vector<StatisticsGap> gaps = evidence.gaps();
    int trials = 0;
    for (const Suspect& suspect : suspects_of(evidence)) {
      const std::size_t i = suspect.normalization;
      const double far = far_statistics(gaps[i].samples);
      if (gaps[i].distance < far) continue;
      // Of several axes that fit, such as height and width, the one that fits best.
      Axes best_axes;
      std::vector<StatisticsGap> best = gaps;
      for (const std::int64_t axis : suspect.others) {
        if (++trials > kTrials) break;
        Axes trial = axes;
        trial[gaps[i].layer] = axis;
        std::vector<StatisticsGap> moved = evidence.gaps_as(with_axes(evidence.model(), trial));
        if (!(moved[i].distance < std::min(best[i].distance, far))) continue;
        best = std::move(moved);
        best_axes = std::move(trial);
      }
      if (best_axes.empty()) continue;
      f.layers.push_back(gaps[i].layer);
      const std::string name = gaps[i].layer + ": distance of the statistics to those of the data along axis ";
      f.evidence.push_back(
          {name + std::to_string(suspect.declared), gaps[i].distance, "nats", "below " + figure(far, 2)});
      f.evidence.push_back({name + std::to_string(best_axes.at(gaps[i].layer)), best[i].distance, "nats"});
      axes = std::move(best_axes);
      gaps = std::move(best);
    }
    if (f.layers.empty()) return;
    f.cause = layers_text(f.layers) + " normalizes along another axis than its statistics were computed along: axis " +
              std::to_string(axes.at(f.layers.front())) + " fits the data";
    f.certainty =
        Certainty::sure("the statistics fit along one axis and not along the declared one of the same length");
    f.remedy = axis_remedy(axes.at(f.layers.front()));
    f.cost = cost_between(evidence.evaluation_as(with_axes(evidence.model(), axes)), evidence.evaluation());
    f.severity = matters(*f.cost) ? Severity::error : Severity::warning;
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> wrong_axis() { return std::make_unique<WrongAxis>(); }

}  // namespace evenkeel
