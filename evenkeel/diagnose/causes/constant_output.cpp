#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/causes/channel_counts.h"
#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/codes.h"
#include "evenkeel/diagnose/measure/graph.h"

namespace evenkeel {
namespace {

using ActivationKind = ActivationFunction::Kind;

constexpr double kUnmoved = 1e-3;  ///< as a part of how much outputs must vary

/// The deviation that counts as constant. If logits vary by at most this, so do scores. Outputs of a regression must
/// vary as their targets do.
double unmoved(Evidence& evidence, const ChannelSignal& output) {
  const bool regression = scores_of(evidence.network().loss()) == Scores::outputs;
  return kUnmoved * (regression ? std::sqrt(evidence.chance_loss()) : output.magnitude());
}

bool hardly_moves(Evidence& evidence, const ChannelSignal& output) {
  const double least = unmoved(evidence, output);
  return std::ranges::all_of(output.variance, [&](double v) { return std::sqrt(v) <= least; });
}

/// Channels that a layer itself makes constant: its input varies.
std::optional<ChannelCount> made_by(Evidence& evidence, const ChannelSignal& signal) {
  const Model& model = evidence.model();
  const Model::Node& node = model.nodes()[static_cast<std::size_t>(model.find(signal.layer))];
  const LayerTraits traits = node.layer.traits();
  const bool rescales_channels = traits.normalization || !traits.scale.empty();
  if (!rescales_channels && !traits.linear) return {};
  const ChannelSignal* input = signal_of(model, evidence.channels(), node.inputs.front());
  if (input && input->constant_channels() == input->channels()) return {};
  ChannelCount found{.layer = signal.layer, .channels = signal.channels()};
  const ActivationFunction f = traits.activation;
  // Saturation has a rule of its own.
  if (f.is(ActivationKind::sigmoid) || f.is(ActivationKind::tanh) || f.is(ActivationKind::hard_sigmoid)) return {};
  for (std::int64_t c = 0; c < signal.channels(); ++c) {
    const auto at = static_cast<std::size_t>(c);
    // At an end of its activation: dead or saturated, which have rules of their own.
    const bool dead =
        (f.is(ActivationKind::relu) && signal.largest[at] <= 0) ||
        (f.is(ActivationKind::clip) && (signal.largest[at] <= f.element.a || signal.smallest[at] >= f.element.b)) ||
        (f.is(ActivationKind::hard_swish) && signal.largest[at] == 0);
    const bool came_so = rescales_channels && input && input->channels() == signal.channels() && input->is_constant(c);
    // If no layer is before it, the data themselves may be constant there, such as the margin of an image.
    if (signal.is_constant(c) && !dead && !came_so && (input || !rescales_channels)) ++found.count;
  }
  if (found.count == 0) return {};
  return found;
}

class ConstantOutput final : public Rule {
 public:
  std::string_view checks() const override { return "channels and outputs that never change"; }
  std::vector<Need> needs() const override { return {Need::many_samples, Need::signals}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const ChannelSignal* output = signal_of(evidence.model(), evidence.channels(), evidence.model().output());
    const bool stuck = output && hardly_moves(evidence, *output);
    if (stuck) {
      Finding f = of_network(evidence, *output);
      f.consequence_of = why_stuck(findings);
      if (!f.consequence_of.empty()) f.severity = Severity::info;
      findings.push_back(std::move(f));
    }
    // A constant output is a class, or a number, that does not depend on the sample. It matters more than one channel
    // of many.
    const std::vector<int> at_the_end = output_layers(evidence.model());
    std::vector<ChannelCount> few, many, outputs;
    for (const ChannelSignal& signal : evidence.channels()) {
      const bool last = std::ranges::count(at_the_end, evidence.model().find(signal.layer)) > 0;
      if ((stuck && last) || is_constant_by_design(findings, signal.layer)) continue;
      if (const auto found = made_by(evidence, signal))
        (last ? outputs : found->are_many() ? many : few).push_back(*found);
    }
    if (!outputs.empty()) findings.push_back(of_layers(evidence, outputs, Severity::warning, "outputs"));
    if (!many.empty()) findings.push_back(of_layers(evidence, many, Severity::warning, "channels"));
    if (!few.empty()) findings.push_back(of_layers(evidence, few, Severity::info, "channels"));
  }

 private:
  /// Whether a finding before says that such a layer yields the same whatever it reads.
  static bool is_constant_by_design(const std::vector<Finding>& findings, const std::string& layer) {
    return std::ranges::any_of(findings, [&](const Finding& f) {
      return code_info(f.code).is_dead_end && std::ranges::count(f.layers, layer) > 0;
    });
  }

  /// The code of an earlier finding that explains it: a layer that is completely dead, or outputs that are cut off.
  static std::string why_stuck(const std::vector<Finding>& findings) {
    const auto found = std::ranges::find_if(findings, [](const Finding& f) {
      const bool cuts =
          f.code == "activation-before-loss" || f.code == "dead-channels" || code_info(f.code).is_dead_end;
      return cuts && f.severity == Severity::error;
    });
    return found == findings.end() ? "" : found->code;
  }

  static Finding of_network(Evidence& evidence, const ChannelSignal& output) {
    const double deviation = std::sqrt(std::ranges::max(output.variance));
    return {
        .code = "constant-output",
        .severity = Severity::error,
        .layers = {output.layer},
        .cause = "the network answers all of " + std::to_string(evidence.signal_data().size()) +
                 " samples alike: " + output.layer + " is almost constant over them",
        .evidence = {{output.layer + ": largest deviation of an output", deviation, "",
                      "far above " + figure(unmoved(evidence, output))}},
        .certainty = Certainty::sure("measured with statistics of the data in every normalization and dropout off")};
  }

  static Finding of_layers(Evidence& evidence, const std::vector<ChannelCount>& layers, Severity severity,
                           const std::string& channels) {
    Finding f = finding_on("constant-output", severity, layers,
                           "have the same value for all of " + std::to_string(evidence.signal_data().size()) +
                               " samples, though what reaches them varies",
                           "never change", channels);
    f.certainty = Certainty::sure("measured over these samples");
    return f;
  }
};

}  // namespace

std::unique_ptr<Rule> constant_output() { return std::make_unique<ConstantOutput>(); }

}  // namespace evenkeel
