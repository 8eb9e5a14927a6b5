#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {
namespace {

/// The layers whose softmax the outputs pass through with nothing in between, last one first.
std::vector<int> softmaxes_at_the_end(const Model& model) {
  std::vector<int> found;
  for (int i = model.layers() - 1; i >= 0;) {
    const Model::Node& node = model.nodes()[static_cast<std::size_t>(i)];
    const LayerTraits traits = node.layer.traits();
    if (traits.activation == ActivationFunction::softmax) found.push_back(i);
    const bool bends =
        traits.activation != ActivationFunction::softmax && traits.activation != ActivationFunction::linear;
    if (bends || !traits.identity_in_evaluation) break;
    i = node.inputs.front();
  }
  return found;
}

/// Whether the outputs are the very value that this layer computes: of such a softmax the loss takes what goes in.
bool yields_outputs(const Model& model, int layer) {
  const CompiledModel compiled = compile(model, {.batch_size = 1});
  return compiled.layer_values[static_cast<std::size_t>(layer)] == compiled.outputs;
}

/// Scores of the samples from log-probabilities or logits [N, K], sharpened.
struct Sharpened {
  const std::vector<double>& logits;
  std::span<const std::int32_t> labels;
  std::size_t classes;

  double loss_of(std::size_t i, double sharpness) const {
    const auto row = std::span(logits).subspan(i * classes, classes);
    const double most = std::ranges::max(row);
    double sum = 0;
    for (const double z : row) sum += std::exp(sharpness * (z - most));
    return std::log(sum) - sharpness * (row[static_cast<std::size_t>(labels[i])] - most);
  }
  std::vector<double> losses(double sharpness) const {
    std::vector<double> all(labels.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = loss_of(i, sharpness);
    return all;
  }
  double mean(double sharpness) const {
    double sum = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) sum += loss_of(i, sharpness);
    return sum / static_cast<double>(labels.size());
  }
};

/// The sharpness (one over the temperature) of the least loss, between 1 and 1000, within 1 %: the loss is convex in
/// it.
double best_sharpness(const Sharpened& of) {
  double low = 0, high = std::log(1000.0);
  while (high - low > 0.01) {
    const double a = low + (high - low) / 3, b = high - (high - low) / 3;
    if (of.mean(std::exp(a)) < of.mean(std::exp(b)))
      high = b;
    else
      low = a;
  }
  return std::exp((low + high) / 2);
}

class DoubleSoftmax final : public Rule {
 public:
  std::string_view checks() const override { return "a softmax on top of a softmax"; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const Network& network = evidence.network();
    if (scores_of(*network.options().loss) != Scores::softmax) return;
    const Model& model = evidence.model();
    const std::vector<int> found = softmaxes_at_the_end(model);
    if (found.empty()) return;
    const bool last = yields_outputs(model, found.front());
    if (last && found.size() == 1) return;
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
    if (evidence.data().has_labels()) measure(evidence, last, f);
    findings.push_back(std::move(f));
  }

 private:
  /// What flat scores cost: against the same ones at the temperature that suits them best.
  static void measure(Evidence& evidence, bool outputs_are_scores, Finding& f) {
    std::vector<double> logits(evidence.outputs().begin(), evidence.outputs().end());
    if (outputs_are_scores)
      for (double& z : logits) z = std::log(std::max(z, 1e-30));
    const Sharpened scores{logits, evidence.data().y().as<std::int32_t>(),
                           static_cast<std::size_t>(evidence.network().outputs())};
    const double sharpness = best_sharpness(scores);
    const std::vector<double>& correct = evidence.evaluation().correct;
    f.evidence.push_back({"the temperature that fits the scores best", 1 / sharpness, "", "near 1"});
    f.cost = cost_between({scores.losses(sharpness), correct}, {scores.losses(1), correct});
    if (matters(*f.cost)) f.severity = Severity::error;
  }
};

}  // namespace

std::unique_ptr<Rule> double_softmax() { return std::make_unique<DoubleSoftmax>(); }

}  // namespace evenkeel
