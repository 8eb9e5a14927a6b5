#include "evenkeel/data/unusual_samples.h"

#include <algorithm>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/codes.h"

namespace evenkeel {
namespace {

class UnusualSamples final : public Rule {
 public:
  std::string_view checks() const override { return "samples of another size than the others"; }
  std::vector<Need> needs() const override { return {Need::inputs}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    judge_training(evidence, findings);
    if (evidence.has_train_data()) judge_evaluated(evidence, findings);
  }

 private:
  static Finding finding(const std::string& where, const std::vector<UnusualSample>& unusual, const Dataset& data) {
    Finding f{.code = "unusual-samples",
              .severity = Severity::warning,
              .cause = where + ", " + describe(unusual, data) +
                       ": they are outliers, or were not prepared as the others were"};
    f.evidence.push_back({"unusual samples", static_cast<double>(unusual.size()), "", "0"});
    const auto largest = std::ranges::max_element(unusual, {}, &UnusualSample::ratio);
    f.evidence.push_back({"size of the largest, over that of the median sample", largest->ratio});
    f.certainty = Certainty::sure("measured on every sample");
    return f;
  }

  /// A few such samples can spoil moving statistics; the scores with statistics of the other samples show how much.
  static void judge_training(Evidence& evidence, std::vector<Finding>& findings) {
    const Dataset& data = evidence.whole_train_data();
    const std::vector<UnusualSample> unusual = unusual_samples(data);
    if (unusual.empty()) return;
    Finding f = finding(evidence.has_train_data() ? "in the training data" : "in the data", unusual, data);
    if (!evidence.normalizations().empty()) measure(evidence, f);
    if (f.severity == Severity::error)
      for (Finding& other : findings)
        if (code_info(other.code).of_statistics == OfStatistics::against_data) make_consequence(other, f.code);
    findings.push_back(std::move(f));
  }

  static void measure(Evidence& evidence, Finding& f) {
    const Reestimated others = evidence.network().statistics(
        evidence.usual_train_data(), {.batch_size = evidence.at_once(), .memory_bytes = evidence.memory_bytes()});
    evidence.add_passes(others.forward_passes, evidence.usual_train_data());
    const SampleScores& scores = evidence.on_statistics("those of usual samples", others.after);
    const Cost cost = cost_between(scores, evidence.evaluation());
    if (!matters(cost)) return;
    f.severity = Severity::error;
    f.cost = cost;
    f.cause += ", and the moving statistics have them in";
    f.evidence.push_back({"loss with the statistics of the other samples", scores.mean_loss().value});
    for (std::size_t i = 0; i < others.after.size(); ++i) {
      const StatisticsGap gap = gap_between(others.before[i], others.after[i], evidence.normalizations()[i].epsilon,
                                            evidence.usual_train_data().size());
      if (gap.distance < kFarStatistics) continue;
      f.evidence.push_back(
          {gap.layer + ": moving variance over that of the other samples", gap.variance_ratio, "", "near 1"});
    }
  }

  static void judge_evaluated(Evidence& evidence, std::vector<Finding>& findings) {
    const Dataset& data = evidence.whole_data();
    const std::vector<UnusualSample> unusual = unusual_samples(data);
    if (!unusual.empty()) findings.push_back(finding("in the evaluated data", unusual, data));
  }
};

}  // namespace

std::unique_ptr<Rule> unusual_samples_rule() { return std::make_unique<UnusualSamples>(); }

}  // namespace evenkeel
