#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/repairs/linear.h"

namespace evenkeel {
namespace {

/// A normalization subtracts the mean, and with it any bias that was added.
class RedundantBiasRule final : public Rule {
 public:
  std::string_view checks() const override { return "biases directly before a normalization"; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    Finding f{.code = "redundant-bias", .severity = Severity::info, .cause = {}};
    std::int64_t parameters = 0;
    for (const RedundantBias& bias : redundant_biases(evidence.model())) {
      const Layer& layer = evidence.model().nodes()[static_cast<std::size_t>(bias.linear)].layer;
      f.layers.push_back(layer.name());
      parameters += evidence.network().weight(layer.name() + '/' + layer.traits().linear->bias).shape.size();
    }
    if (f.layers.empty()) return;
    f.cause = "the bias of " + layers_text(f.layers) +
              " has no effect: the normalization right after it subtracts it with the mean";
    f.evidence = {{"parameters without effect", static_cast<double>(parameters), "", "0"}};
    f.certainty = Certainty::sure("read from the model");
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> redundant_bias() { return std::make_unique<RedundantBiasRule>(); }

}  // namespace evenkeel
