#include <algorithm>

#include "evenkeel/base/text.h"
#include "evenkeel/diagnose/causes/channel_counts.h"
#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/measure/graph.h"

namespace evenkeel {
namespace {

LayerTraits traits_at(const Model& model, int layer) {
  return model.nodes()[static_cast<std::size_t>(layer)].layer.traits();
}

/// Whether each channel reads the same channel and nothing else, not even its neighbours (as a depthwise convolution).
bool passes_on(const LayerTraits& traits) { return traits.per_channel && !traits.linear; }

/// The layer whose channels this one reads; layers in between pass channels on unchanged, pooled or with noise. -1: the
/// input.
int channels_from(const Model& model, int layer) {
  const auto input = [&](int of) { return model.nodes()[static_cast<std::size_t>(of)].inputs.front(); };
  int at = input(layer);
  for (; at >= 0; at = input(at)) {
    const LayerTraits traits = traits_at(model, at);
    if (!passes_on(traits) || traits.axes != AxisOrder::kept || traits.activation != ActivationFunction::linear ||
        traits.normalization || !traits.scale.empty() || !traits.slope.empty())
      break;
  }
  return at;
}

/// Looks for signs that a channel was once alive. Many units of a dense relu never were, and that does not matter.
class Lives {
 public:
  Lives(Evidence& evidence, const std::string& layer) : evidence_(evidence) {
    const Model& model = evidence.model();
    const int index = model.find(layer), before = passes_on(traits_at(model, index)) ? channels_from(model, index) : -1;
    for (const Normalization& n : evidence.normalizations()) {
      if (n.layer == before && !(n.gamma.empty() && n.beta.empty()))
        input_ = signal_of(model, evidence.channels(), model.nodes()[static_cast<std::size_t>(n.layer)].inputs.front());
      if (channels_from(model, n.layer) == index) readers_.push_back(n.name);
    }
  }

  bool lived(std::size_t channel) const { return by_gamma_and_beta(channel) || by_statistics(channel); }

 private:
  /// After a normalization every channel is above 0 for some sample, unless gamma and beta have learnt something else.
  bool by_gamma_and_beta(std::size_t channel) const {
    return input_ && channel < input_->mean.size() && !input_->is_constant(static_cast<std::int64_t>(channel));
  }

  /// A moving mean begins at 0. If it is above 0, the channel was alive.
  bool by_statistics(std::size_t channel) const {
    const auto above_zero = [&](const std::vector<LayerStatistics>& all) {
      return std::ranges::any_of(all, [&](const LayerStatistics& of) {
        return std::ranges::count(readers_, of.layer) > 0 && channel < of.mean.size() && of.mean[channel] > 0;
      });
    };
    return !readers_.empty() &&
           (above_zero(moving_statistics(evidence_.network())) || above_zero(evidence_.records().earlier_statistics));
  }

  Evidence& evidence_;
  const ChannelSignal* input_ = nullptr;  ///< of the normalization right before, if that has gamma or beta
  std::vector<std::string> readers_;      ///< the normalizations that read the layer
};

class DeadChannels final : public Rule {
 public:
  std::string_view checks() const override { return "channels that are never active"; }
  std::vector<Need> needs() const override { return {Need::many_samples, Need::signals}; }
  bool cheap() const override { return true; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    std::vector<ChannelCount> missed, mentioned;
    for (const DeadUnits& layer : dead_units(evidence.model(), evidence.channels())) {
      const bool cut = layer.learn_nothing();
      const ChannelCount dead{layer.layer, std::ssize(layer.dead), layer.units};
      // A dead output is a lost class, which has its own rule; and elu and leaky_relu still pass something on.
      if (dead.count == 0 || (!cut && !dead.are_many()) || is_output(evidence.model(), layer.layer)) continue;
      (cut && dead.are_many() && is_missed(evidence, layer) ? missed : mentioned).push_back(dead);
    }
    if (!missed.empty()) findings.push_back(finding(evidence, missed, Severity::warning));
    if (!mentioned.empty()) findings.push_back(finding(evidence, mentioned, Severity::info));
  }

 private:
  static bool is_output(const Model& model, const std::string& layer) {
    return std::ranges::count(output_layers(model), model.find(layer)) > 0;
  }

  /// Whether many channels have died, or the network does not work.
  static bool is_missed(Evidence& evidence, const DeadUnits& layer) {
    if (std::ssize(layer.dead) == layer.units) return true;
    const Lives lives(evidence, layer.layer);
    const auto died = std::ranges::count_if(
        layer.dead, [&](std::int64_t channel) { return lives.lived(static_cast<std::size_t>(channel)); });
    if (ChannelCount{layer.layer, died, layer.units}.are_many()) return true;
    return unmet(Need::scored_samples, evidence).empty() &&
           evidence.full_data().mean_loss().value >= kLikeGuessing * evidence.chance_loss();
  }

  /// What is left of them behind their activations: "after a relu they pass on nothing and learn nothing".
  static std::string what_is_left(Evidence& evidence, const std::vector<ChannelCount>& layers) {
    std::vector<std::string> names;
    bool cut = true, zero = true;
    for (const ChannelCount& layer : layers) {
      const ActivationFunction f = evidence.traits(layer.layer).activation;
      std::string name = name_of(f);
      name.insert(0, std::string("aeiou").find(name.front()) == std::string::npos ? "a " : "an ");
      if (std::ranges::count(names, name) == 0) names.push_back(name);
      cut = cut && learns_nothing_below(f);
      zero = zero && lower_end(f) == 0;
    }
    return "after " + join(names) + " they pass on " +
           (!cut   ? "no more than the part below 0"
            : zero ? "nothing and learn nothing"
                   : "always the same number and learn nothing");
  }

  static Finding finding(Evidence& evidence, const std::vector<ChannelCount>& layers, Severity severity) {
    // "are never above -1"; of several ends "the lower end".
    std::vector<double> ends;
    for (const ChannelCount& layer : layers) ends.push_back(lower_end(evidence.traits(layer.layer).activation));
    const bool same = std::ranges::all_of(ends, [&](double end) { return end == ends.front(); });
    const std::string are = "are never above " + (same ? figure(ends.front()) : "the lower end");
    Finding f = finding_on(
        "dead-channels", severity, layers,
        are + " in " + std::to_string(evidence.signal_data().size()) + " samples: " + what_is_left(evidence, layers),
        are);
    f.certainty = Certainty::sure("measured over these samples, with statistics of the data in every normalization");
    // Nothing passes a layer that is completely dead, unless a branch leads around it.
    const bool all_of_one = std::ranges::any_of(layers, [](const ChannelCount& l) { return l.count == l.channels; });
    if (const ChannelSignal* output = signal_of(evidence.model(), evidence.channels(), evidence.model().output());
        severity == Severity::warning && all_of_one && output && output->constant_channels() == output->channels())
      f.severity = Severity::error;
    return f;
  }
};

}  // namespace

std::unique_ptr<Rule> dead_channels() { return std::make_unique<DeadChannels>(); }

}  // namespace evenkeel
