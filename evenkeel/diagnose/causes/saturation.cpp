#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {
namespace {

/// Share of a layer's units. In sigmoid layers after many positive inputs a quarter is saturated from the start, and
/// they still learn.
constexpr double kMuchSaturated = 0.5;
/// As a part of the largest slope: on average a sigmoid is within 0.005 of an end, a tanh within 0.01.
constexpr double kFlat = 0.02;

using ActivationKind = ActivationFunction::Kind;

bool may_saturate(const ActivationFunction& f) {
  return f.is(ActivationKind::sigmoid) || f.is(ActivationKind::tanh) || f.is(ActivationKind::hard_sigmoid) ||
         f.is(ActivationKind::clip);
}

/// The mean slope of a unit as a part of the largest it can have, from its first two moments. Those of a hard_sigmoid
/// or a clip say only whether it is at its ends for every sample (0) or not (1).
double slope_of(const ActivationFunction& f, double mean, double variance) {
  const double square = variance + mean * mean;
  if (f.is(ActivationKind::tanh)) return 1 - square;
  if (f.is(ActivationKind::sigmoid)) return 4 * (mean - square);
  constexpr double kRounding = 1e-6;  // of moments, in float32
  const double low = f.is(ActivationKind::clip) ? f.element.a : 0, high = f.is(ActivationKind::clip) ? f.element.b : 1;
  const double inside = (low + high) * mean - square - low * high;  // the mean of (y - low)(high - y)
  return inside > kRounding * (high - low) * (high - low) ? 1 : 0;
}

struct Saturated {
  std::string layer, function;
  std::int64_t flat = 0, units = 0;
  double lowest = 1;  ///< slope
  double share() const { return static_cast<double>(flat) / static_cast<double>(units); }
};

class Saturation final : public Rule {
 public:
  std::string_view checks() const override {
    return "units of sigmoid, tanh and the like that are stuck at their ends";
  }
  std::vector<Need> needs() const override { return {Need::many_samples, Need::signals}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const ChannelSignal* output = signal_of(evidence.model(), evidence.channels(), evidence.model().output());
    for (const ChannelSignal& signal : evidence.channels())
      // The network's output is left out: a confident answer is at an end.
      if (&signal != output)
        if (const Saturated found = measured(evidence.model(), signal); found.flat > 0)
          findings.push_back(finding(evidence, found));
  }

 private:
  static Saturated measured(const Model& model, const ChannelSignal& signal) {
    const auto node = static_cast<std::size_t>(model.find(signal.layer));
    const ActivationFunction f = model.nodes()[node].layer.traits().activation;
    Saturated result{.layer = signal.layer, .function = name_of(f), .units = signal.channels()};
    if (!may_saturate(f)) return result;
    for (std::size_t c = 0; c < signal.mean.size(); ++c) {
      if (f.is(ActivationKind::clip) && signal.largest[c] <= f.element.a) continue;  // dead: has a rule of its own
      const double slope = slope_of(f, signal.mean[c], signal.variance[c]);
      if (slope < kFlat) ++result.flat;
      result.lowest = std::min(result.lowest, slope);
    }
    return result;
  }

  static Finding finding(Evidence& evidence, const Saturated& found) {
    return {
        .code = "saturation",
        .severity = found.share() >= kMuchSaturated ? Severity::warning : Severity::info,
        .layers = {found.layer},
        .cause = std::to_string(found.flat) + " of " + std::to_string(found.units) + " units of " + found.layer +
                 " stay at the ends of " + found.function + ", where it is flat: hardly any gradient gets through",
        .evidence = {{"units with a slope below 2 % of the largest", static_cast<double>(found.flat), "", "0"},
                     {"mean slope of the flattest unit, as a part of the largest", found.lowest, "",
                      "above " + figure(kFlat)}},
        .certainty = Certainty::sure("measured over " + std::to_string(evidence.signal_data().size()) + " samples")};
  }
};

}  // namespace

std::unique_ptr<Rule> saturation() { return std::make_unique<Saturation>(); }

}  // namespace evenkeel
