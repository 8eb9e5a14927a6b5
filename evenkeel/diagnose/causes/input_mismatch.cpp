#include "evenkeel/diagnose/measure/input_mismatch.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/causes/preparation.h"
#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/causes/statistics.h"
#include "evenkeel/diagnose/codes.h"

namespace evenkeel {
namespace {

std::string numbers(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : ", ") + figure(value, 5);
  return values.size() > 1 ? '[' + text + ']' : text;
}

/// The correction in formulas: "Rescaling with scale = 255 and offset = 0 before the network", "x * [...] + [...]".
std::string formula(const InputHypothesis& h) {
  if (const auto layer = h.layer())
    return ": a Rescaling with scale = " + figure(layer->scale, 5) + " and offset = " + figure(layer->offset, 5) +
           " before the network corrects it";
  if (h.scale.size() > 1 && h.scale.size() <= 4)
    return ": x * " + numbers(h.scale) + " + " + numbers(h.offset) + " by channel";
  return {};
}

std::string how_much_better(const Estimate& loss) {
  const double errors = loss.value / loss.error;
  return std::isfinite(errors) ? "better by " + figure(errors, 2) + " standard errors of the loss"
                               : "better by far more than the error of the loss";
}

class InputMismatchRule final : public Rule {
 public:
  std::string_view checks() const override {
    return "the data's range, scale, channels and axes, by trying corrections";
  }
  std::vector<Need> needs() const override { return {Need::samples, Need::scored_samples, Need::input_statistics}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const auto mismatch = find_input_mismatch(evidence);
    if (!mismatch) return;
    fold(evidence, mismatch->hypothesis, findings);
    Finding f{.code = "input-mismatch",
              .severity = Severity::error,
              .cause = "the data are not prepared as those that the network was trained on: they fit when " +
                       mismatch->hypothesis.correction + formula(mismatch->hypothesis)};
    if (mismatch->distance) {
      const std::string first = evidence.normalizations().front().name;
      f.evidence.push_back(
          {first + ": distance of its statistics to the data as they are", *mismatch->distance, "nats", "below 0.05"});
      f.evidence.push_back(
          {first + ": the same with the data corrected", *mismatch->corrected_distance, "nats", "below 0.05"});
    }
    f.certainty = Certainty::sure("tried, and " + how_much_better(mismatch->cost.loss));
    f.cost = mismatch->cost;
    f.remedy = preparation(mismatch->hypothesis);
    findings.push_back(std::move(f));
  }

 private:
  /// Statistics that fit the corrected data are not to blame.
  static void fold(Evidence& evidence, const InputHypothesis& hypothesis, std::vector<Finding>& findings) {
    const auto may_follow = [](const Finding& f) {
      return code_info(f.code).of_statistics == OfStatistics::against_data;
    };
    if (std::ranges::none_of(findings, may_follow)) return;
    const std::vector<StatisticsGap> gaps =
        statistics_gap(evidence.network(), corrected(evidence.train_data(), hypothesis));
    evidence.add_passes(1);
    const auto fits = [&](const std::string& layer) {
      const auto gap = std::ranges::find(gaps, layer, &StatisticsGap::layer);
      return gap != gaps.end() && !are_far(*gap);
    };
    for (Finding& f : findings)
      if (may_follow(f) && std::ranges::all_of(f.layers, fits)) {
        f.consequence_of = "input-mismatch";
        f.severity = Severity::info;
      }
  }
};

}  // namespace

std::unique_ptr<Rule> input_mismatch() { return std::make_unique<InputMismatchRule>(); }

}  // namespace evenkeel
