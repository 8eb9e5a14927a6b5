#include <algorithm>
#include <cmath>

#include "evenkeel/diagnose/causes/rules.h"

namespace evenkeel {
namespace {

// How much worse than the record weights may be, because the run was interrupted or a sample is measured.
constexpr double kRecordErrors = 4;  ///< standard errors
constexpr double kWorseLoss = 0.25, kWorseLossOfChance = 0.1;
constexpr double kWorseAccuracy = 0.05;

/// The worse one of the last and the best epoch, because the weights are from one of these.
struct Written {
  double loss = 0;
  std::optional<double> accuracy = {};
};

Written written_in(const RecordedScores& record) {
  const auto best = static_cast<std::size_t>(std::ranges::min_element(record.loss) - record.loss.begin());
  Written w{.loss = std::max(record.loss.back(), record.loss[best])};
  if (record.accuracy.size() == record.loss.size())
    w.accuracy = std::min(record.accuracy.back(), record.accuracy[best]);
  return w;
}

bool is_worse(const SampleScores& now, const Written& written, double chance) {
  const Estimate loss = now.mean_loss();
  const double rise = or_infinite(loss.value) - written.loss;
  if (!(rise > std::max({kRecordErrors * loss.error, kWorseLoss * written.loss, kWorseLossOfChance * chance})))
    return false;
  const auto accuracy = now.accuracy();
  if (!accuracy || !written.accuracy) return true;
  return *written.accuracy - accuracy->value > std::max(kRecordErrors * accuracy->error, kWorseAccuracy);
}

class RecordDiffers final : public Rule {
 public:
  std::string_view checks() const override { return "metrics.csv of the run against what the weights do now"; }
  std::vector<Need> needs() const override { return {Need::recorded_scores}; }

  void judge(Evidence& evidence, std::vector<Finding>& findings) const override {
    const Records& records = evidence.records();
    if (is_of(records.validation_scores, evidence.whole_data()))
      compare(evidence, findings, "validation", records.validation_scores, evidence.evaluation());
    if (!records.has_weighted_loss() && is_of(records.training_scores, evidence.whole_train_data()))
      compare(evidence, findings, "training", records.training_scores, in_its_own_mode(evidence));
  }

 private:
  static bool is_of(const RecordedScores& record, const Dataset& data) {
    return !record.loss.empty() && !record.fingerprint.empty() && record.fingerprint == data.fingerprint();
  }

  /// The training data in the mode that fits the record best; one of them is training mode.
  static const SampleScores& in_its_own_mode(Evidence& evidence) {
    const SampleScores &moving = evidence.train_evaluation(), &full = evidence.train_training();
    return or_infinite(moving.mean_loss().value) < or_infinite(full.mean_loss().value) ? moving : full;
  }

  static void compare(Evidence& evidence, std::vector<Finding>& findings, const std::string& set,
                      const RecordedScores& record, const SampleScores& now) {
    const Written written = written_in(record);
    if (!is_worse(now, written, evidence.chance_loss())) return;
    if (const auto known = std::ranges::find(findings, "record-differs", &Finding::code); known != findings.end()) {
      add_facts(*known, set, written, now);
      return;
    }
    Finding f{.code = "record-differs",
              .severity = Severity::error,
              .cause = "metrics.csv has a loss of " + figure(written.loss) + accuracy_text(written.accuracy) +
                       " for the " + set + " data, with these weights it is " + figure(now.mean_loss().value) +
                       accuracy_text(accuracy_of(now)) + ": they are not those that the run ended with",
              .certainty = Certainty::sure("the same data, by their fingerprint in run.json")};
    if (set == "training") {
      f.certainty = Certainty::likely("the same data by their fingerprint, in training mode as in evaluation");
      if (const auto small = std::ranges::find(findings, "small-batch", &Finding::code); small != findings.end()) {
        f.consequence_of = small->code;
        f.severity = Severity::info;
      }
    }
    add_facts(f, set, written, now);
    findings.push_back(std::move(f));
  }

  static std::optional<double> accuracy_of(const SampleScores& scores) {
    const auto accuracy = scores.accuracy();
    return accuracy ? std::optional(accuracy->value) : std::nullopt;
  }
  static std::string accuracy_text(const std::optional<double>& accuracy) {
    return accuracy ? " and an accuracy of " + figure(*accuracy) : std::string();
  }

  static void add_facts(Finding& f, const std::string& set, const Written& written, const SampleScores& now) {
    f.evidence.push_back({set + " loss now", now.mean_loss().value, "", "near " + figure(written.loss)});
    if (written.accuracy && now.accuracy())
      f.evidence.push_back({set + " accuracy now", now.accuracy()->value, "", "near " + figure(*written.accuracy)});
  }
};

}  // namespace

std::unique_ptr<Rule> record_differs() { return std::make_unique<RecordDiffers>(); }

}  // namespace evenkeel
