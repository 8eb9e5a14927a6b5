#include <algorithm>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/measure/graph.h"

namespace evenkeel {
namespace {

class SingleOutputSoftmax final : public Rule {
 public:
  std::string_view checks() const override { return "a softmax over one value"; }
  bool cheap() const override { return true; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const Model& model = evidence.model();
    const std::vector<Shape> shapes = output_shapes(model);
    Finding f{.code = "single-output-softmax",
              .severity = Severity::warning,
              .cause = {},
              .certainty = Certainty::sure("read from the model")};
    for (int i = 0; i < model.layers(); ++i) {
      const Layer& layer = model.nodes()[static_cast<std::size_t>(i)].layer;
      if (layer.traits().activation != ActivationFunction::softmax || shapes[static_cast<std::size_t>(i)].back() != 1)
        continue;
      f.layers.push_back(layer.name());
      if (is_only_way(model, i)) f.severity = Severity::error;
    }
    if (f.layers.empty()) return;
    f.cause = layers_text(f.layers) + (f.layers.size() == 1 ? " applies" : " apply") +
              " a softmax over one value, which is always 1: what is before it cannot learn";
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> single_output_softmax() { return std::make_unique<SingleOutputSoftmax>(); }

}  // namespace evenkeel
