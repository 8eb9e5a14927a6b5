#include "evenkeel/diagnose/measure/input_mismatch.h"

#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/causes/preparation.h"
#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/causes/statistics.h"
#include "evenkeel/diagnose/codes.h"

namespace evenkeel {
namespace {

constexpr std::int64_t kSamplesAgain = 512;  ///< for a second look, at corrected data

std::string numbers(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : ", ") + figure(value, 5);
  return values.size() > 1 ? '[' + text + ']' : text;
}

/// The correction in formulas: "Rescaling with scale = 255 and offset = 0 before the network", "x * [...] + [...]".
std::string formula(const InputCorrection& input) {
  if (const auto layer = layer_of(input))
    return ": a Rescaling with scale = " + figure(layer->scale, 5) + " and offset = " + figure(layer->offset, 5) +
           " before the network corrects it";
  std::string text;
  for (const InputHypothesis& h : input)
    if (h.scale.size() > 1 && h.scale.size() <= 4)
      text = ": x * " + numbers(h.scale) + " + " + numbers(h.offset) + " by channel";
  return text;
}

std::string how_much_better(const Estimate& loss) {
  const double errors = loss.value / loss.error;
  return std::isfinite(errors) ? "better by " + figure(errors, 2) + " standard errors of the loss"
                               : "better by far more than the error of the loss";
}

std::string what_remains(const Mismatch& found) {
  return "the loss is then " + figure(found.scores.mean_loss().value) + ", not yet " + found.should_be;
}

std::string cause_of(const Mismatch& found) {
  const std::string text = correction_text(found.input);
  if (found.is_complete)
    return "the data are not prepared as those that the network was trained on: they fit when " + text +
           formula(found.input);
  return "the data are prepared otherwise than those that the network was trained on, which is not fully explained: "
         "they come nearer when " +
         text + formula(found.input) + "; " + what_remains(found);
}

Certainty certainty_of(const Mismatch& found) {
  const std::string why = "tried, and " + how_much_better(found.cost.loss);
  if (found.is_complete) {
    const bool fits = !found.corrected_distance || *found.corrected_distance < kFarStatistics;
    const bool has_name = std::ranges::none_of(found.input, &InputHypothesis::fits_anything);
    if (fits && has_name) return Certainty::sure(why);
    Certainty certainty = Certainty::likely(why + (fits ? "" : ", though statistics do not fit yet"));
    certainty.unseen = {"a further step of the preparation that costs little, such as the order of the channels"};
    return certainty;
  }
  const std::string but = why + ", but not as good as it should be";
  Certainty certainty = found.has_yardstick ? Certainty::likely(but) : Certainty::possible(but);
  certainty.unseen = {"a further difference of the data that is not among what was tried", "overfitting",
                      "what else is wrong with the network"};
  return certainty;
}

class InputMismatchRule final : public Rule {
 public:
  std::string_view checks() const override {
    return "the data's range, scale, channels and axes, by trying corrections";
  }
  std::vector<Need> needs() const override {
    return {Need::inputs, Need::samples, Need::scored_samples, Need::input_statistics};
  }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    if (are_spoiled(findings)) return;
    const Mismatch* found = evidence.mismatch();
    if (!found || found->input.empty()) return;
    Finding f{.code = "input-mismatch", .severity = Severity::error, .cause = cause_of(*found)};
    if (found->distance) {
      const std::string first = evidence.normalizations().front().name;
      f.evidence.push_back(
          {first + ": distance of its statistics to the data as they are", *found->distance, "nats", "below 0.05"});
      f.evidence.push_back(
          {first + ": the same with the data corrected", *found->corrected_distance, "nats", "below 0.05"});
    }
    f.certainty = certainty_of(*found);
    f.cost = found->cost;
    f.remedy = preparation(found->input);
    if (found->layouts.empty()) judge_statistics_again(evidence, *found, findings);
    findings.push_back(std::move(f));
  }

 private:
  /// Statistics that fit the corrected data are not the cause. If they do not fit these either, that is a second
  /// finding.
  static void judge_statistics_again(Evidence& evidence, const Mismatch& found, std::vector<Finding>& findings) {
    const auto may_follow = [](const Finding& f) {
      return code_info(f.code).of_statistics == OfStatistics::against_data;
    };
    if (std::ranges::none_of(findings, may_follow)) return;
    Subject subject{
        .data = found.corrected_data(evidence.data()), .records = evidence.records(), .samples = kSamplesAgain};
    if (evidence.has_train_data()) subject.train_data = found.corrected_data(evidence.train_data());
    Evidence fixed(evidence.network(), std::move(subject));
    std::vector<Finding> left;
    moving_statistics()->judge(fixed, left);
    evidence.add_passes_of(fixed);
    const auto is_left = [&](const std::string& layer) {
      return std::ranges::any_of(left, [&](const Finding& f) { return std::ranges::count(f.layers, layer) > 0; });
    };
    const bool helps = std::ranges::any_of(
        findings, [&](const Finding& f) { return may_follow(f) && !std::ranges::all_of(f.layers, is_left); });
    // If only the evaluated data are prepared differently, statistics are judged on the unchanged training data.
    if (evidence.has_train_data() && !helps) return;
    for (Finding& f : findings)
      if (may_follow(f)) make_consequence(f, "input-mismatch");
    for (Finding& f : left) {
      f.cause += " (measured with the data corrected)";
      findings.push_back(std::move(f));
    }
  }
};

}  // namespace

std::unique_ptr<Rule> input_mismatch() { return std::make_unique<InputMismatchRule>(); }

}  // namespace evenkeel
