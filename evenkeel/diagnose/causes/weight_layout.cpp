#include <algorithm>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/causes/statistics.h"
#include "evenkeel/diagnose/codes.h"
#include "evenkeel/diagnose/measure/input_mismatch.h"

namespace evenkeel {
namespace {

class WeightLayoutRule final : public Rule {
 public:
  std::string_view checks() const override {
    return "the layout of the weights: rows after a flattening, turned and transposed kernels, scales";
  }
  std::vector<Need> needs() const override { return input_mismatch()->needs(); }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    if (are_spoiled(findings)) return;
    const Mismatch* found = evidence.mismatch();
    if (!found) return;
    for (const WeightLayout& layout : found->layouts) findings.push_back(finding(evidence, *found, layout));
    if (found->layouts.empty()) return;
    // The outputs of layers with wrong weights show nothing about the statistics after them.
    for (Finding& f : findings)
      if (code_info(f.code).of_statistics == OfStatistics::against_data) make_consequence(f, "weight-layout");
  }

 private:
  static Finding finding(Evidence& evidence, const Mismatch& found, const WeightLayout& layout) {
    const double before = evidence.evaluation().mean_loss().value, after = found.scores.mean_loss().value;
    Finding f{
        .code = "weight-layout",
        .severity = Severity::error,
        .layers = layout.layers,
        .cause = "the weights are laid out for another program: " + layout.what + "; " + layout.line + " mends it",
        .evidence = {{"loss with the weights as they are", before}, {"loss with them rearranged", after}},
        .certainty = Certainty::sure("tried, and the scores are as they should be"),
        .cost = found.cost};
    if (const auto accuracy = evidence.evaluation().accuracy()) {
      f.evidence.push_back({"accuracy with the weights as they are", accuracy->value});
      f.evidence.push_back({"accuracy with them rearranged", found.scores.accuracy()->value});
    }
    f.remedy = {.keras = layout.line + "  # numpy, once, when the weights are converted", .pytorch = {}};
    if (!found.is_complete) {
      f.certainty = Certainty::likely("tried, and much better, but not as good as it should be");
      f.cause += "; the loss is then " + figure(after) + ", not yet " + found.should_be;
    }
    return f;
  }
};

}  // namespace

std::unique_ptr<Rule> weight_layout() { return std::make_unique<WeightLayoutRule>(); }

}  // namespace evenkeel
