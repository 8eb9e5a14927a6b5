#include <algorithm>
#include <cmath>
#include <numeric>

#include "evenkeel/base/text.h"
#include "evenkeel/data/labels.h"
#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/codes.h"

namespace evenkeel {
namespace {

/// With fewer samples, all samples of a class may be wrong by chance, especially if the other classes are often wrong
/// too.
constexpr std::int64_t kLeastOfClass = 10;
constexpr double kByChance = 1e-4;
/// Mean recall of the other classes: a network that hardly knows them misses one without a reason of its own.
constexpr double kKnown = 0.5, kHardlyKnown = 0.3;
/// As a part of an even share: if a class is rarer in training, a network may learn nothing about it.
constexpr double kRare = 0.5;
constexpr double kLight = 0.2;  ///< of the mean weight of a class in the training loss

struct Lost {
  std::int64_t label = 0, samples = 0;
  bool expected = false;  ///< of so rare a class, or by so weak a network
};

double mean_recall(const std::vector<ClassScore>& classes) {
  double sum = 0;
  for (const ClassScore& c : classes) sum += c.recall;
  return sum / static_cast<double>(std::max<std::size_t>(classes.size(), 1));
}

std::vector<Lost> lost_in(const SampleScores& scores, Evidence& evidence) {
  std::vector<ClassScore> others = class_scores(scores, evidence.guessing().classes), lost;
  std::ranges::copy_if(others, std::back_inserter(lost), [](const ClassScore& c) { return c.recall == 0; });
  std::erase_if(others, [](const ClassScore& c) { return c.recall == 0; });
  const double usual = mean_recall(others);
  if (usual < kHardlyKnown) return {};
  const std::vector<std::int32_t>& seen = evidence.train_guessing().classes;
  const double even = static_cast<double>(seen.size()) / static_cast<double>(others.size() + lost.size());
  std::vector<Lost> result;
  for (const ClassScore& c : lost) {
    if (c.samples < kLeastOfClass || std::pow(1 - usual, static_cast<double>(c.samples)) > kByChance) continue;
    const auto in_training = static_cast<double>(std::ranges::count(seen, static_cast<std::int32_t>(c.label)));
    result.push_back({c.label, c.samples, usual < kKnown || in_training < kRare * even});
  }
  return result;
}

/// How often each class is predicted.
std::int64_t answers_of(Evidence& evidence, std::int64_t label) {
  const std::vector<float>& outputs = evidence.outputs();
  const auto k = static_cast<std::ptrdiff_t>(evidence.network().outputs());
  if (k == 1) return -1;  // the threshold is on the scores
  std::int64_t count = 0;
  for (auto row = outputs.begin(); row != outputs.end(); row += k)
    count += std::max_element(row, row + k) - row == label ? 1 : 0;
  return count;
}

/// The network works, but never for one class.
class LostClasses final : public Rule {
 public:
  std::string_view checks() const override { return "classes of which no sample is right"; }
  std::vector<Need> needs() const override { return {Need::classes, Need::accuracy}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    // If the network guesses, that is the finding.
    if (against_guessing(evidence.evaluation(), evidence.guessing()) == AgainstGuessing::guessing) return;
    const std::vector<Lost> lost = lost_in(evidence.evaluation(), evidence);
    if (lost.empty()) return;
    std::vector<std::int64_t> labels;
    for (const Lost& l : lost) labels.push_back(l.label);
    Finding f{.code = "lost-classes",
              .severity = std::ranges::all_of(lost, &Lost::expected) ? Severity::info : Severity::warning,
              .layers = {evidence.model().name_of(evidence.model().output())},
              .cause = "no sample of class " + class_list(labels, evidence.data().class_names()) +
                       " is right, while accuracy is " + figure(evidence.evaluation().accuracy()->value),
              .certainty = Certainty::sure("measured: other classes are right too often for this to be chance")};
    for (const Lost& l : lost) {
      const std::string name = "class " + std::to_string(l.label);
      f.evidence.push_back({name + ": recall, of " + std::to_string(l.samples) + " samples", 0, "", "above 0"});
      if (const std::int64_t answers = answers_of(evidence, l.label); answers >= 0)
        f.evidence.push_back({name + ": how often it is the answer", static_cast<double>(answers), "", "above 0"});
    }
    add_weights(evidence.records().class_weight, labels, f);
    const SampleScores others = without_classes(evidence.evaluation(), evidence.guessing().classes, labels);
    if (others.samples() > 1) f.cost = unpaired_cost(others, evidence.evaluation());
    f.consequence_of = explanation(evidence, findings, lost);
    if (!f.consequence_of.empty()) f.severity = Severity::info;
    findings.push_back(std::move(f));
  }

 private:
  /// A class that hardly counts in the training loss is not learnt.
  static void add_weights(const std::vector<double>& weights, const std::vector<std::int64_t>& labels, Finding& f) {
    if (weights.empty()) return;
    const double mean = std::reduce(weights.begin(), weights.end()) / static_cast<double>(weights.size());
    std::vector<std::string> light;
    for (const std::int64_t label : labels) {
      const double weight = weights.at(static_cast<std::size_t>(label));
      if (weight >= kLight * mean) continue;
      const std::string name = "class " + std::to_string(label);
      f.evidence.push_back({name + ": its weight in the training loss", weight, "", "near " + figure(mean)});
      light.push_back(name);
    }
    if (light.empty()) return;
    f.cause += "; class_weight gives " + join(light) + " hardly any weight in training";
    f.severity = Severity::warning;
    f.remedy.advice = "Give these classes their weight in class_weight, and train again.";
  }

  /// The code of the finding that explains it; empty if there is none.
  static std::string explanation(Evidence& evidence, const std::vector<Finding>& findings,
                                 const std::vector<Lost>& lost) {
    for (const std::string code :
         {"missing-classes", "activation-before-loss", "class-order", "input-mismatch", "weight-layout"})
      if (std::ranges::any_of(findings,
                              [&](const Finding& f) { return f.code == code && f.severity > Severity::info; }))
        return code;
    if (evidence.normalizations().empty()) return {};
    const std::vector<Lost> without = lost_in(evidence.full_data(), evidence);
    const bool back = std::ranges::none_of(
        lost, [&](const Lost& l) { return std::ranges::count(without, l.label, &Lost::label) > 0; });
    const auto statistics = std::ranges::find_if(findings, [](const Finding& f) {
      return f.severity == Severity::error &&
             (f.code == "unusual-samples" || code_info(f.code).of_statistics != OfStatistics::no);
    });
    return back && statistics != findings.end() ? statistics->code : std::string();
  }
};

}  // namespace

std::unique_ptr<Rule> lost_classes() { return std::make_unique<LostClasses>(); }

}  // namespace evenkeel
