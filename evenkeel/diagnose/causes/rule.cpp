#include "evenkeel/diagnose/causes/rule.h"

#include <algorithm>

#include "evenkeel/diagnose/causes/rules.h"
#include "evenkeel/diagnose/causes/statistics.h"

namespace evenkeel {

namespace {

/// Why a set does not represent all data; empty if it does. The statistics of one class differ from those of all, and
/// for one class the loss of guessing is 0.
std::string not_representative(const Dataset& data, std::int64_t needed) {
  const std::int64_t samples = data.size();
  if (samples < needed)
    return std::to_string(samples) + (samples == 1 ? " sample is" : " samples are") + " too few, " +
           std::to_string(needed) + " are needed";
  return is_of_one_class(data) ? "all samples of \"" + data.name() + "\" are of one class" : "";
}

constexpr double kBeyondDoubt = 10;  ///< standard errors of a cost

/// The number of samples that a rule's findings are based on: that of the smallest set that it needs.
std::int64_t samples_behind(const Rule& rule, Evidence& evidence) {
  std::int64_t samples = kEnoughSamples;
  for (const Need need : rule.needs()) {
    if (need == Need::samples) samples = std::min(samples, evidence.statistics_data().size());
    if (need == Need::scored_samples) samples = std::min(samples, evidence.data().size());
  }
  return samples;
}

bool has_input_statistics(Evidence& evidence) {
  return evidence.normalizations().empty() || !is_initial(moving_statistics(evidence.network()).front());
}

}  // namespace

std::string unmet(Need need, Evidence& evidence) {
  const auto unless = [](bool met, std::string why) { return met ? std::string() : std::move(why); };
  const Records& records = evidence.records();
  switch (need) {
    case Need::normalization: return unless(!evidence.normalizations().empty(), std::string(kNoNormalization));
    case Need::samples: return not_representative(evidence.statistics_data(), kFewSamples);
    case Need::many_samples: return not_representative(evidence.signal_data(), kManySamples);
    case Need::scored_samples: return not_representative(evidence.data(), kFewSamples);
    case Need::input_statistics:
      return unless(has_input_statistics(evidence),
                    "the statistics of the first normalization have their initial values");
    case Need::accuracy: return unless(evidence.evaluation().accuracy().has_value(), "the loss has no accuracy");
    case Need::classes: return unless(!evidence.guessing().classes.empty(), "targets are no classes");
    case Need::recorded_scores:
      return unless(!records.training_scores.loss.empty() || !records.validation_scores.loss.empty(),
                    "no record of the training is known (--run)");
    case Need::train_data: return unless(evidence.has_train_data(), "no training data are given (--train-data)");
    case Need::updates: return unless(records.updates.has_value(), "no number of updates is known (--run)");
    case Need::momentum:
      return unless(records.tell_momentum(), "the file that the network comes from does not tell the momentum");
    case Need::batch_size:
      return unless(records.batch_size.has_value(), "no batch size is known (--batch-size, --run)");
    case Need::checkpoint:
      return unless(!records.earlier_statistics.empty(),
                    records.initial_weights.empty() ? "no earlier checkpoint is known (--run)"
                                                    : "neither an earlier checkpoint is known nor \"" +
                                                          records.initial_weights + "\", which training started from");
    case Need::records: return unless(records.train_loss.has_value(), "no record of the training is known (--run)");
    case Need::validation_record:
      return unless(records.validation_loss && records.best_validation_loss,
                    "no record of a validation loss is known (--run)");
    case Need::weight_decay: return unless(records.weight_decay.has_value(), "no weight decay is known (--run)");
    case Need::averages:
      return unless(records.ema_momentum && records.updates,
                    "the weights are not known to be averages, or of how many updates (--run)");
    case Need::shuffle_record:
      return unless(records.shuffled.has_value(), "whether training shuffled is not known (--run)");
    case Need::raw_weights:
      return unless(records.raw_weights != nullptr, "the weights are not known to be averages of others (--run)");
    case Need::inputs: return evidence.network().why_not(Measurement::inputs);
    case Need::other_axes:
      // Statistics that fit along the declared axis need no other one.
      return std::ranges::any_of(evidence.gaps(), are_far) ? evidence.network().why_not(Measurement::other_axes) : "";
    case Need::initial_values: return evidence.network().why_not(Measurement::initial_values);
    case Need::gradients: return evidence.network().why_not(Measurement::gradients);
    case Need::signals: return evidence.network().why_not(Measurement::signals);
  }
  return {};
}

std::string why_not(const Rule& rule, Evidence& evidence) {
  for (const Need need : rule.needs())
    if (std::string why = unmet(need, evidence); !why.empty()) return why;
  return {};
}

void judge(const Rule& rule, Evidence& evidence, std::vector<Finding>& findings) {
  const std::size_t before = findings.size();
  rule.judge(evidence, findings);
  const std::int64_t samples = samples_behind(rule, evidence);
  if (samples >= kEnoughSamples) return;
  for (std::size_t i = before; i < findings.size(); ++i) {
    Finding& f = findings[i];
    if (f.certainty.level != Confidence::sure || (f.cost && f.cost->loss.above_zero_by(kBeyondDoubt))) continue;
    f.certainty.level = Confidence::likely;
    f.certainty.why += "; of only " + std::to_string(samples) + " samples";
  }
}

const std::vector<std::unique_ptr<Rule>>& all_rules() {
  static const std::vector<std::unique_ptr<Rule>> rules = make_rules();
  return rules;
}

}  // namespace evenkeel
