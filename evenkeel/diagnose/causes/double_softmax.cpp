#include <algorithm>

#include "evenkeel/diagnose/causes/flat_scores.h"
#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/measure/graph.h"

namespace evenkeel {
namespace {

/// The layers whose softmax, or its logarithm, the outputs pass through with nothing in between, last one first.
std::vector<int> softmaxes_at_the_end(const Model& model) {
  std::vector<int> found;
  for (int i = model.output(); i >= 0;) {
    const Model::Node& node = model.nodes()[static_cast<std::size_t>(i)];
    const LayerTraits traits = node.layer.traits();
    if (traits.activation.is_softmax) found.push_back(i);
    const bool bends = !traits.activation.is_softmax && traits.activation != ActivationFunction::linear;
    if (bends || !traits.identity_in_evaluation) break;
    i = node.inputs.front();
  }
  return found;
}

class DoubleSoftmax final : public Rule {
 public:
  std::string_view checks() const override { return "a softmax on top of a softmax"; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    if (scores_of(evidence.network().loss()) != Scores::softmax) return;
    const Model& model = evidence.model();
    const std::vector<int> found = softmaxes_at_the_end(model);
    if (found.empty()) return;
    const bool last = evidence.network().is_undone_by_loss(found.front());
    // Logarithms of probabilities are logits: a softmax of them changes nothing.
    const auto yields_probabilities = [&](int layer) {
      return !model.nodes()[static_cast<std::size_t>(layer)].layer.traits().activation.is_log;
    };
    if (std::ranges::none_of(found.begin() + (last ? 1 : 0), found.end(), yields_probabilities)) return;
    std::vector<std::string> layers;
    for (const int i : found) layers.insert(layers.begin(), model.nodes()[static_cast<std::size_t>(i)].layer.name());
    Finding f{.code = "double-softmax",
              .severity = Severity::warning,
              .layers = layers,
              .cause = last ? "the outputs pass through a softmax twice, in " + layers_text(layers) +
                                  ": no score can be more than e = 2.72 times another"
                            : "the loss applies a softmax to the output of a softmax, " + layers_text(layers) +
                                  ": no score can be more than e = 2.72 times another",
              .certainty = Certainty::sure("read from the model")};
    if (evidence.data().has_labels()) weigh_flat_scores(evidence, last, f);
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> double_softmax() { return std::make_unique<DoubleSoftmax>(); }

}  // namespace evenkeel
