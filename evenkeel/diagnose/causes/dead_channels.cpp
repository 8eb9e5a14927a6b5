#include <cmath>

#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {
namespace {

/// Some of a layer is dead in many networks that are well; from here on it is missed.
constexpr double kManyDead = 0.25;

struct Dead {
  std::string layer;
  std::int64_t dead = 0, channels = 0;
  bool of_relu = false;  ///< elu and leaky_relu hand something on all the same
  double share() const { return static_cast<double>(dead) / static_cast<double>(channels); }
};

std::vector<Dead> dead_layers(Evidence& evidence) {
  std::vector<Dead> layers;
  for (const ChannelSignal& signal : evidence.channels()) {
    const ActivationFunction f = evidence.traits(signal.layer).activation;
    if (f != ActivationFunction::relu && f != ActivationFunction::elu && f != ActivationFunction::leaky_relu) continue;
    const auto dead = std::ranges::count_if(signal.largest, [](double largest) { return largest <= 0; });
    const Dead found{signal.layer, dead, signal.channels(), f == ActivationFunction::relu};
    if (found.dead > 0 && (found.of_relu || found.share() >= kManyDead)) layers.push_back(found);
  }
  return layers;
}

class DeadChannels final : public Rule {
 public:
  std::string_view checks() const override { return "channels that are never active"; }
  std::vector<Need> needs() const override { return {Need::many_samples}; }
  bool cheap() const override { return true; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    std::vector<Dead> few, much;
    for (Dead& layer : dead_layers(evidence))
      (layer.of_relu && layer.share() >= kManyDead ? much : few).push_back(std::move(layer));
    if (!much.empty()) findings.push_back(finding(evidence, much, Severity::warning));
    if (!few.empty()) findings.push_back(finding(evidence, few, Severity::info));
  }

 private:
  static Finding finding(Evidence& evidence, const std::vector<Dead>& layers, Severity severity) {
    Finding f{.code = "dead-channels", .severity = severity, .cause = {}};
    std::int64_t dead = 0, channels = 0;
    bool all_of_one = false;
    for (const Dead& layer : layers) {
      f.layers.push_back(layer.layer);
      f.evidence.push_back({layer.layer + ": channels that are never above 0, of " + std::to_string(layer.channels),
                            static_cast<double>(layer.dead), "", "0"});
      dead += layer.dead;
      channels += layer.channels;
      all_of_one = all_of_one || (layer.of_relu && layer.dead == layer.channels);
    }
    f.cause = std::to_string(dead) + " of " + std::to_string(channels) + " channels of " + layers_text(f.layers) +
              " are never above 0 in " + std::to_string(evidence.train_data().size()) +
              " samples: after a relu they pass on nothing and learn nothing";
    f.certainty = Certainty::sure("for these samples, with statistics of the data in every normalization");
    // Nothing gets past a layer that is dead as a whole, unless a branch leads around it.
    if (const ChannelSignal* output = signal_of(evidence.model(), evidence.channels(), evidence.model().layers() - 1);
        all_of_one && output && output->constant_channels() == output->channels())
      f.severity = Severity::error;
    return f;
  }
};

}  // namespace

std::unique_ptr<Rule> dead_channels() { return std::make_unique<DeadChannels>(); }

}  // namespace evenkeel
