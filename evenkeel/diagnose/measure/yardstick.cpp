#include "evenkeel/diagnose/measure/yardstick.h"

#include <algorithm>

#include "evenkeel/diagnose/finding.h"

namespace evenkeel {
namespace {

// Near: scores on new data are somewhat worse than in training, and very small losses are noisy.
constexpr double kOfKnown = 0.5, kOfChance = 0.1;
constexpr double kAccuracyBelow = 0.05;
constexpr double kGood = 0.5;        ///< of the loss of guessing: good enough if nothing else is known
constexpr double kWorthKnown = 0.7;  ///< of the loss of guessing: the most that a yardstick may have

// Wide: with the studies' healthy networks and data no wrong hypothesis gains anything; the margins leave room for
// networks that have hardly learned.
constexpr double kErrors = 5;        ///< standard errors
constexpr double kLeastGain = 0.03;  ///< of accuracy
constexpr double kErrorsLeft = 0.9;  ///< most of the wrong answers that may remain
constexpr double kLeastSkill = 0.2;  ///< of the way from the most frequent class's share to 1
constexpr double kLossTimes = 3;     ///< if accuracy does not change: the loss is so many times too large

/// The share of the most frequent class; 1 / K without labels.
double largest_share(const Dataset& data) {
  if (!data.has_labels()) return 1.0 / static_cast<double>(std::max<std::int64_t>(data.classes(), 2));
  std::vector<std::int64_t> counts(static_cast<std::size_t>(data.classes()));
  for (const std::int32_t label : data.y().as<std::int32_t>()) ++counts[static_cast<std::size_t>(label)];
  return static_cast<double>(std::ranges::max(counts)) / static_cast<double>(data.size());
}

}  // namespace

Yardstick::Yardstick(Evidence& evidence)
    : chance_(evidence.chance_loss()), largest_share_(largest_share(evidence.data())) {
  const auto add = [&](std::string what, double loss, std::optional<double> accuracy = {}) {
    if (loss < kWorthKnown * chance_) known_.push_back({std::move(what), loss, accuracy});
  };
  if (evidence.has_train_data()) {
    const SampleScores& scores = evidence.train_evaluation();
    const auto accuracy = scores.accuracy();
    add("on training data", scores.mean_loss().value, accuracy ? std::optional(accuracy->value) : std::nullopt);
  }
  const Records& records = evidence.records();
  if (records.validation_loss) add("recorded in validation", *records.validation_loss);
  if (records.train_loss && !records.has_weighted_loss()) add("recorded in training", *records.train_loss);
}

bool Yardstick::is_near(const SampleScores& scores, const Known& known) const {
  const Estimate loss = scores.mean_loss();
  if (loss.value <= known.loss + std::max(kOfKnown * known.loss, kOfChance * chance_) + 3 * loss.error) return true;
  const auto accuracy = scores.accuracy();
  return accuracy && known.accuracy && loss.value <= kGood * chance_ &&
         accuracy->value >= *known.accuracy - kAccuracyBelow - 3 * accuracy->error;
}

bool Yardstick::is_near(const SampleScores& scores) const {
  if (known_.empty()) return scores.mean_loss().value <= kGood * chance_;
  return std::ranges::any_of(known_, [&](const Known& known) { return is_near(scores, known); });
}

bool Yardstick::has_no_room(const SampleScores& scores) const {
  const auto accuracy = scores.accuracy();
  return accuracy && accuracy->value > 1 - kLeastGain && scores.mean_loss().value < kOfChance * chance_;
}

bool Yardstick::closes_half(const SampleScores& before, const SampleScores& after) const {
  const auto a = before.accuracy(), b = after.accuracy();
  return known_.empty() || std::ranges::any_of(known_, [&](const Known& known) {
           const double loss = before.mean_loss().value;
           if (!known.accuracy) return loss - after.mean_loss().value >= (loss - known.loss) / 2;
           return !a || b->value - a->value >= (*known.accuracy - a->value) / 2;
         });
}

bool Yardstick::is_skilled(double accuracy) const {
  return accuracy >= largest_share_ + kLeastSkill * (1 - largest_share_);
}

bool Yardstick::is_wide(const SampleScores& before, const SampleScores& after) const {
  const Cost cost = cost_between(after, before);
  if (!cost.loss.above_zero_by(kErrors) || !matters(cost)) return false;
  if (!cost.accuracy) return cost.relative_loss >= kLossTimes - 1 && closes_half(before, after);
  const double accuracy = after.accuracy()->value, gain = -cost.accuracy->value;
  if (!is_skilled(accuracy)) return false;
  if (gain > kErrors * cost.accuracy->error && gain >= kLeastGain &&
      1 - accuracy <= kErrorsLeft * (1 - accuracy + gain))
    return closes_half(before, after);
  // A relu network without biases gives the same answers at any scale, only with far too high scores. So does an
  // overfitting network at its own scale; no scale gives it good scores.
  return gain >= -3 * cost.accuracy->error && cost.relative_loss >= kLossTimes - 1 && is_near(after);
}

std::string Yardstick::text() const {
  if (known_.empty()) return figure(kGood * chance_) + ", half of what guessing has";
  return figure(known_.front().loss) + ' ' + known_.front().what;
}

}  // namespace evenkeel
