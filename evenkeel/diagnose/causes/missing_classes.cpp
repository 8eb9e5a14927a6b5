#include <algorithm>

#include "evenkeel/data/labels.h"
#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {
namespace {

constexpr double kManyUnknown = 0.01;  ///< share of the data in classes that training does not have

std::int64_t samples_in(const std::vector<MissingClass>& missing) {
  std::int64_t samples = 0;
  for (const MissingClass& c : missing) samples += c.samples;
  return samples;
}

class MissingClasses final : public Rule {
 public:
  std::string_view checks() const override { return "the classes that each set has samples of"; }
  std::vector<Need> needs() const override { return {Need::classes}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    if (!evidence.has_train_data()) return without_samples(evidence, findings);
    const LabelComparison labels = compare_labels(evidence.whole_train_data(), evidence.whole_data());
    if (!labels.missing_in_first.empty()) findings.push_back(in_training(evidence, labels.missing_in_first));
    if (!labels.missing_in_second.empty()) findings.push_back(in_data(evidence, labels.missing_in_second));
  }

 private:
  static const std::vector<std::string>& names(Evidence& evidence) {
    const auto& own = evidence.data().class_names();
    return own.empty() ? evidence.train_data().class_names() : own;
  }

  /// What the data alone show: a class with a name and without samples.
  static void without_samples(Evidence& evidence, std::vector<Finding>& findings) {
    const std::vector<std::int32_t> labels = class_labels(evidence.whole_data());
    std::vector<MissingClass> missing;
    for (std::int64_t c = 0; c < std::ssize(evidence.data().class_names()); ++c)
      if (std::ranges::count(labels, static_cast<std::int32_t>(c)) == 0) missing.push_back({.label = c});
    if (!missing.empty()) findings.push_back(in_data(evidence, missing));
  }

  static Finding in_training(Evidence& evidence, const std::vector<MissingClass>& missing) {
    const std::int64_t samples = samples_in(missing), all = evidence.whole_data().size();
    const double share = static_cast<double>(samples) / static_cast<double>(all);
    const bool sorted = is_sorted_by_class(evidence.whole_train_data()) || is_sorted_by_class(evidence.whole_data());
    Finding f{.code = "missing-classes",
              .severity = share >= kManyUnknown ? Severity::error : Severity::warning,
              .cause = "the training data have no sample of class " + class_list(missing, names(evidence)) +
                       ", which " + std::to_string(samples) + " of the " + std::to_string(all) +
                       " samples of the data are of: the network cannot know " + (missing.size() == 1 ? "it" : "them") +
                       (sorted ? ". The data are sorted by class, and were cut" : ""),
              .evidence = {{"samples of classes that training lacks", static_cast<double>(samples), "", "0"}},
              .certainty = Certainty::sure("counted in the labels of both sets")};
    std::vector<std::int64_t> unknown;
    for (const MissingClass& c : missing) unknown.push_back(c.label);
    const SampleScores known = without_classes(evidence.evaluation(), evidence.guessing().classes, unknown);
    if (known.samples() > 1 && known.samples() < evidence.data().size()) {
      f.cost = unpaired_cost(known, evidence.evaluation());
      f.evidence.push_back({"loss on the other samples", known.mean_loss().value});
      if (const auto accuracy = known.accuracy()) f.evidence.push_back({"accuracy on them", accuracy->value});
    }
    return f;
  }

  static Finding in_data(Evidence& evidence, const std::vector<MissingClass>& missing) {
    return {.code = "missing-classes",
            .severity = Severity::info,
            .cause = "the data have no sample of class " + class_list(missing, names(evidence)) + ": how well " +
                     (missing.size() == 1 ? "it is" : "they are") + " recognised is not measured",
            .evidence = {{"classes without a sample", static_cast<double>(missing.size()), "", "0"}},
            .certainty = Certainty::sure("counted in the labels")};
  }
};

}  // namespace

std::unique_ptr<Rule> missing_classes() { return std::make_unique<MissingClasses>(); }

}  // namespace evenkeel
