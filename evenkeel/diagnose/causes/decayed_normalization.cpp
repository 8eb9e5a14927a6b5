#include <cmath>

#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {
namespace {

/// Weight decay should limit a network's freedom. For gamma and beta it only pulls scale and shift to zero.
class DecayedNormalization final : public Rule {
 public:
  std::string_view checks() const override { return "weight decay of gamma and beta"; }
  std::vector<Need> needs() const override { return {Need::normalization, Need::weight_decay}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const double decay = *evidence.records().weight_decay;
    if (decay <= 0) return;
    Finding f{.code = "decayed-normalization", .severity = Severity::info, .cause = {}};
    double sum = 0, count = 0;
    for (const Normalization& n : evidence.normalizations()) {
      bool decayed = false;
      for (const WeightInfo& weight : evidence.network().weights()) {
        if (weight.layer != n.layer || !weight.trainable) continue;
        decayed = true;
        if (weight.name != n.gamma) continue;
        const Tensor gamma = converted(evidence.network().weight(weight.name), DType::float64);
        for (const double g : gamma.as<double>()) sum += std::abs(g);
        count += static_cast<double>(weight.shape.size());
      }
      if (decayed) f.layers.push_back(n.name);
    }
    if (f.layers.empty()) return;
    f.cause = "training applied its weight decay to scale and shift of " + layers_text(f.layers) +
              ", where it only pulls both towards zero";
    f.evidence = {{"weight decay", decay, "", "0 for gamma and beta"}};
    if (count > 0) f.evidence.push_back({"mean of |gamma|", sum / count, "", "about 1 at first"});
    f.certainty = Certainty::sure("read from the record of the run");
    findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> decayed_normalization() { return std::make_unique<DecayedNormalization>(); }

}  // namespace evenkeel
