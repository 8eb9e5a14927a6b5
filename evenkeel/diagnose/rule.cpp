#include "evenkeel/diagnose/rule.h"

#include "evenkeel/diagnose/rules/rules.h"

namespace evenkeel {

std::string unmet(Need need, Evidence& evidence) {
  const auto unless = [](bool met, std::string why) { return met ? std::string() : why; };
  const auto too_few = [&](std::int64_t needed) {
    const std::int64_t samples = evidence.train_data().size();
    return unless(samples >= needed, std::to_string(samples) + (samples == 1 ? " sample is" : " samples are") +
                                         " too few, " + std::to_string(needed) + " are needed");
  };
  const Records& records = evidence.records();
  switch (need) {
    case Need::normalization:
      return unless(!evidence.normalizations().empty(), "the model has no layer that keeps moving statistics");
    case Need::samples: return too_few(kEnoughSamples);
    case Need::many_samples: return too_few(kManySamples);
    case Need::accuracy: return unless(evidence.evaluation().accuracy().has_value(), "the loss has no accuracy");
    case Need::train_data: return unless(evidence.has_train_data(), "no training data were given (--train-data)");
    case Need::batch_size:
      return unless(records.batch_size.has_value(), "no batch size is known (--batch-size, --run)");
    case Need::checkpoint: return unless(!records.earlier_statistics.empty(), "no earlier checkpoint is known (--run)");
    case Need::records: return unless(records.train_loss.has_value(), "no record of the training is known (--run)");
    case Need::raw_weights:
      return unless(records.raw_weights != nullptr, "the weights are not known to be averages of others (--run)");
  }
  return {};
}

std::string why_not(const Rule& rule, Evidence& evidence) {
  for (const Need need : rule.needs())
    if (std::string why = unmet(need, evidence); !why.empty()) return why;
  return {};
}

const std::vector<std::unique_ptr<Rule>>& all_rules() {
  static const std::vector<std::unique_ptr<Rule>> rules = make_rules();
  return rules;
}

}  // namespace evenkeel
