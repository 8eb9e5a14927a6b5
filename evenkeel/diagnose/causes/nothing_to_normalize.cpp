#include <algorithm>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/measure/graph.h"

namespace evenkeel {
namespace {

const Model::Node& node_of(const Model& model, int layer) { return model.nodes()[static_cast<std::size_t>(layer)]; }

/// The layer whose values this one reads; layers in between pass values on in their order.
int source_of(const Model& model, int layer) {
  int at = node_of(model, layer).inputs.front();
  while (at >= 0) {
    const LayerTraits traits = node_of(model, at).layer.traits();
    if (!traits.is_identity() || traits.is_input || traits.axes != AxisOrder::kept) break;
    at = node_of(model, at).inputs.front();
  }
  return at;
}

/// Whether both divide the same values by their own deviation.
bool are_alike(const NormalizationTraits& a, const NormalizationTraits& b) {
  return a.over == b.over && a.groups == b.groups && a.axis.value_or(-1) == b.axis.value_or(-1) &&
         (a.centered || !b.centered);
}

/// Normalizations right after another one of the same kind, and those whose input never changes.
class NothingToNormalize final : public Rule {
 public:
  std::string_view checks() const override { return "normalizations that have nothing to normalize"; }
  bool cheap() const override { return true; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    judge_repeated(evidence.model(), findings);
    judge_constant(evidence.model(), findings);
  }

 private:
  static void judge_repeated(const Model& model, std::vector<Finding>& findings) {
    for (int i = 0; i < model.layers(); ++i) {
      const LayerTraits traits = node_of(model, i).layer.traits();
      const int before = traits.normalization ? source_of(model, i) : -1;
      if (before < 0) continue;
      const LayerTraits other = node_of(model, before).layer.traits();
      if (!other.normalization || other.activation != ActivationFunction::linear ||
          !are_alike(*other.normalization, *traits.normalization))
        continue;
      const std::string &name = node_of(model, i).layer.name(), &first = node_of(model, before).layer.name();
      findings.push_back({.code = "nothing-to-normalize",
                          .severity = Severity::warning,
                          .layers = {name},
                          .cause = name + " normalizes what " + first +
                                   " before it has normalized: it only takes the scale of " + first + " out again",
                          .certainty = Certainty::sure("read from the model")});
    }
  }

  static void judge_constant(const Model& model, std::vector<Finding>& findings) {
    const std::vector<Shape> shapes = output_shapes(model);
    std::vector<std::string> why(static_cast<std::size_t>(model.layers()));  // by layer, a code; empty: it varies
    for (int i = 0; i < model.layers(); ++i) {
      const Model::Node& node = node_of(model, i);
      const LayerTraits traits = node.layer.traits();
      const bool reads_constants = std::ranges::all_of(
          node.inputs, [&](int input) { return input >= 0 && !why[static_cast<std::size_t>(input)].empty(); });
      std::string& here = why[static_cast<std::size_t>(i)];
      here = reads_constants ? why[static_cast<std::size_t>(node.inputs.front())]
                             : why_constant(traits, shapes[static_cast<std::size_t>(i)]);
      if (reads_constants && traits.normalization)
        findings.push_back({.code = "nothing-to-normalize",
                            .severity = Severity::info,
                            .layers = {node.layer.name()},
                            .cause = node.layer.name() + " normalizes what never changes",
                            .certainty = Certainty::sure("read from the model"),
                            .consequence_of = here});
    }
  }

  /// The code of the defect that makes the outputs of such a layer equal for every input; empty: none.
  static std::string why_constant(const LayerTraits& traits, const Shape& sample) {
    if (traits.activation.is_softmax && sample.back() == 1) return "single-output-softmax";
    const auto& normalization = traits.normalization;
    if (normalization && normalization->over != NormalizationTraits::Over::batch && normalization->centered &&
        normalized_values(*normalization, sample, 1) == 1)
      return "normalization-of-one-value";
    return {};
  }
};

}  // namespace

std::unique_ptr<Rule> nothing_to_normalize() { return std::make_unique<NothingToNormalize>(); }

}  // namespace evenkeel
