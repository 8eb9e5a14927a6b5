#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/measure/graph.h"

namespace evenkeel {
namespace {

class LastDropout final : public Rule {
 public:
  std::string_view checks() const override { return "dropout between the last layer with weights and the loss"; }
  bool cheap() const override { return true; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const Model& model = evidence.model();
    Finding f{.code = "last-dropout",
              .severity = Severity::warning,
              .cause = {},
              .certainty = Certainty::sure("read from the model")};
    for (const int i : layers_before_loss(model)) {
      const Layer& layer = model.nodes()[static_cast<std::size_t>(i)].layer;
      if (layer.traits().noise) f.layers.insert(f.layers.begin(), layer.name());
    }
    if (f.layers.empty()) return;
    f.cause = layers_text(f.layers) + (f.layers.size() == 1 ? " is" : " are") +
              " the last before the loss: in training outputs themselves are changed at random, so the network is "
              "trained towards answers that it never gives in evaluation";
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> last_dropout() { return std::make_unique<LastDropout>(); }

}  // namespace evenkeel
