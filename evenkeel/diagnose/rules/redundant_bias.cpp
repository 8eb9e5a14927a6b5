#include "evenkeel/diagnose/graph.h"
#include "evenkeel/diagnose/rules/rules.h"

namespace evenkeel {
namespace {

bool adds_bias_last(const Layer& layer) {
  if (activation_of(layer) != linear) return false;
  if (const auto* conv = layer.as<Conv2D>()) return conv->use_bias;
  const auto* dense = layer.as<Dense>();
  return dense && dense->use_bias;
}

/// A normalization takes off the mean, and with it whatever bias was added.
class RedundantBias final : public Rule {
 public:
  std::string_view checks() const override { return "biases directly before a normalization"; }
  std::vector<Need> needs() const override { return {Need::normalization}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const Model& model = evidence.model();
    Finding f{.code = "redundant-bias", .severity = Severity::info, .cause = {}};
    double parameters = 0;
    for (int i = 0; i < model.layers(); ++i) {
      const Layer& layer = model.nodes()[static_cast<std::size_t>(i)].layer;
      const std::vector<int> readers = readers_of(model, i);
      const auto normalizes = [&](int reader) {
        return std::ranges::count(evidence.normalizations(), reader, &Normalization::layer) > 0;
      };
      if (!adds_bias_last(layer) || readers.empty() || !std::ranges::all_of(readers, normalizes)) continue;
      f.layers.push_back(layer.name());
      parameters += static_cast<double>(evidence.network().weight(layer.name() + "/bias").shape.size());
    }
    if (f.layers.empty()) return;
    f.cause = "the bias of " + layers_text(f.layers) +
              " has no effect: the normalization right behind takes it off again with the mean";
    f.evidence = {{"parameters without effect", parameters, "", "0"}};
    f.certainty = "certain: read from the model";
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> redundant_bias() { return std::make_unique<RedundantBias>(); }

}  // namespace evenkeel
