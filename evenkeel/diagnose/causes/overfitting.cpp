#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/attribution.h"
#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {
namespace {

// Nearly every network is better on samples it has seen. A large difference is a warning.
constexpr double kTimesTheLoss = 1.5;
constexpr double kAccuracyApart = 0.1;
// The record of a run: how far validation loss may have risen again; losses of single epochs are noisy.
constexpr double kAboveBest = 1.25, kAboveBestOfChance = 0.05;
/// What the mode must cost to explain the rise; a tenth of a very small loss is not enough.
constexpr double kOfTheRise = 0.5;

/// Overfitting remains if nothing else explains the gap.
Certainty what_is_left(Evidence& evidence) {
  Certainty c = Certainty::possible("what is left after others were excluded");
  c.excluded = {"the mode: both sets were scored in the same one"};
  if (unmet(Need::inputs, evidence).empty())
    c.excluded.emplace_back("another range or color: the channels of both sets have the same mean and variance");
  if (unmet(Need::inputs, evidence).empty() && unmet(Need::samples, evidence).empty() &&
      unmet(Need::scored_samples, evidence).empty() && unmet(Need::input_statistics, evidence).empty())
    c.excluded.emplace_back("another preparation: no correction that was tried helps");
  if (!evidence.guessing().classes.empty()) {
    c.excluded.emplace_back("other classes: training has samples of all of them, and their shares do not explain it");
    c.excluded.emplace_back("another order of the classes: no other order is better");
  }
  c.unseen = {"orientation and resizing", "wrong labels", "data of another source that look alike"};
  return c;
}

/// The four cells on training and validation data in the same mode.
class Overfitting final : public Rule {
 public:
  std::string_view checks() const override { return "training data against validation data"; }
  std::vector<Need> needs() const override { return {Need::train_data}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const FourCells cells = four_cells(evidence, findings);
    if (cells.gap != FourCells::Gap::overfitting) return;
    const double train = cells.train_evaluation->loss.value, validation = cells.evaluation.loss.value;
    const Cost cost = unpaired_cost(evidence.train_evaluation(), evidence.evaluation());
    const bool much =
        validation >= kTimesTheLoss * train && (!cost.accuracy || cost.accuracy->value <= -kAccuracyApart);
    Finding f{
        .code = "overfitting",
        .severity = much ? Severity::warning : Severity::info,
        .cause = "in the same mode the loss is " + figure(train) + " on training data and " + figure(validation) +
                 " on validation data: possibly the network overfits",
        .evidence = {{"loss on training data", train}, {"loss on validation data", validation, "", "about the same"}},
        .certainty = what_is_left(evidence),
        .cost = cost};
    if (cost.accuracy) {
      f.evidence.push_back({"accuracy on training data", cells.train_evaluation->accuracy->value});
      f.evidence.push_back({"accuracy on validation data", cells.evaluation.accuracy->value, "", "about the same"});
    }
    findings.push_back(std::move(f));
  }
};

/// By the record of the run: validation loss rose again while training loss fell.
class PastItsBest final : public Rule {
 public:
  std::string_view checks() const override { return "the validation loss of the run against its best"; }
  std::vector<Need> needs() const override { return {Need::records, Need::validation_record}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const Records& records = evidence.records();
    const double last = *records.validation_loss, best = *records.best_validation_loss;
    const bool rose = last > kAboveBest * best && last - best > kAboveBestOfChance * evidence.chance_loss();
    if (!rose || (!records.has_weighted_loss() && *records.train_loss >= best)) return;
    // A network that was never better than guessing did not overfit later; and other data show nothing about it.
    if (best >= evidence.chance_loss() || std::ranges::any_of(findings, are_other_data)) return;
    // If the mode makes such a difference, validation suffered from statistics, not from overfitting.
    const Cost mode = cost_between(evidence.training(), evidence.evaluation());
    if (matters(mode) && mode.loss.value >= kOfTheRise * (last - best)) return;
    const auto known = std::ranges::find(findings, "overfitting", &Finding::code);
    Finding f{.code = "overfitting", .severity = Severity::warning, .cause = {}, .certainty = {}};
    if (known != findings.end()) f = std::move(*known);
    f.severity = Severity::warning;
    f.certainty.level = Confidence::likely;
    f.certainty.why = "by the record of the run, validation loss rose while training loss fell";
    if (f.cause.empty())
      f.cause = "the validation loss rose from " + figure(best) + " to " + figure(last) +
                " while the training loss kept falling";
    f.evidence.push_back({"recorded validation loss, last epoch", last, "", "near its best"});
    f.evidence.push_back({"recorded validation loss, best epoch", best});
    f.evidence.push_back({"recorded training loss, last epoch", *records.train_loss});
    if (known != findings.end())
      *known = std::move(f);
    else
      findings.push_back(std::move(f));
  }
};

}  // namespace

std::unique_ptr<Rule> overfitting() { return std::make_unique<Overfitting>(); }
std::unique_ptr<Rule> past_its_best() { return std::make_unique<PastItsBest>(); }

}  // namespace evenkeel
